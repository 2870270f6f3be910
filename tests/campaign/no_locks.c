/* A file system without locks, or with such as each host keeps to itself: loaded before the C library.
   NO_LOCKS=fail: a lock is refused as not supported; NO_LOCKS=own: everybody gets it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

int flock(int file, int operation) {
    const char *how = getenv("NO_LOCKS");
    (void)file, (void)operation;
    if (how && !strcmp(how, "own")) return 0;
    errno = ENOSYS;
    return -1;
}
