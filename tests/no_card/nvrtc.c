/* A compiler of kernels that compiles none, for tests/cuda.rs: the driver beside it takes anything. With NO_CARD_REFUSE it fails
 * on every kernel, "at once", or on those after the one that a device is asked first: "error" with words, "panic" with bytes that
 * are no text, at which cubecl 0.11.3 panics. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int refused;

static int refuses(const char *how) {
    const char *asked = getenv("NO_CARD_REFUSE");
    return asked && strcmp(asked, how) == 0;
}

static const char *words(void) {
    return refuses("panic") ? "\xff\xfe" : "kernel.cu(7): error: no such thing";
}

int nvrtcVersion(int *major, int *minor) { *major = 13; *minor = 0; return 0; }
const char *nvrtcGetErrorString(int error) { (void)error; return "an error of the compiler that compiles none"; }
int nvrtcCreateProgram(void **program, const char *source, const char *name, int count, const char *const *headers,
                       const char *const *names) {
    (void)name; (void)count; (void)headers; (void)names;
    *program = malloc(1);
    refused = refuses("at once") || (getenv("NO_CARD_REFUSE") && !strstr(source, "neighbours"));
    return 0;
}
int nvrtcCompileProgram(void *program, int count, const char *const *options) {
    (void)program; (void)count; (void)options;
    return refused ? 6 : 0;
}
int nvrtcGetProgramLogSize(void *program, size_t *size) { (void)program; *size = strlen(words()) + 1; return 0; }
int nvrtcGetProgramLog(void *program, char *text) { (void)program; strcpy(text, words()); return 0; }
int nvrtcGetPTXSize(void *program, size_t *size) { (void)program; *size = 5; return 0; }
int nvrtcGetPTX(void *program, char *text) { (void)program; strcpy(text, "none"); return 0; }
int nvrtcDestroyProgram(void **program) { free(*program); return 0; }
