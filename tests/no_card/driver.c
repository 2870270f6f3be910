/* A CUDA driver without a device, for tests/cuda.rs and benches/registers.sh. Memory is the host's. A kernel that is loaded is
 * written as PTX into the folder NO_CARD_OUT, a launch into its launches.tsv. Nothing is computed but the answer to the
 * kernel that superpose asks a device before it trusts it (crates/device/src/probe.rs), and with NO_CARD_IDLE not even
 * that. Numbers that come of a run on this are of no use. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { char *ptx; char name[256]; } Module;

static FILE *opened(const char *file, const char *mode) {
    const char *folder = getenv("NO_CARD_OUT");
    char path[4096];
    if (!folder) return NULL;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return fopen(path, mode);
}

/* The device: an H100's properties, of which cubecl asks some. */
int cuInit(unsigned flags) { (void)flags; return 0; }
int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return index == 0 ? 0 : 101; }
int cuDeviceGetName(char *name, int length, int device) {
    (void)device;
    snprintf(name, (size_t)length, "no GPU, made of stubs");
    return 0;
}
int cuDeviceGetPCIBusId(char *id, int length, int device) {
    (void)device;
    snprintf(id, (size_t)length, "0000:01:00.0");
    return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = (size_t)80 << 30; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    switch (attribute) {
    case 1: case 2: case 3: *value = 1024; break; /* threads of a block, in all and along x and y */
    case 4: *value = 64; break;
    case 5: *value = 0x7fffffff; break; /* blocks along x, y and z */
    case 6: case 7: *value = 65535; break;
    case 10: *value = 32; break;      /* threads of a warp */
    case 16: *value = 132; break;     /* multiprocessors */
    case 75: *value = 9; break;       /* compute capability 9.0 */
    case 76: *value = 0; break;
    case 97: *value = 227 << 10; break; /* shared memory that a block can ask for */
    default: *value = 0;
    }
    return 0;
}
int cuGetErrorName(int error, const char **text) { (void)error; *text = "an error of the driver without a device"; return 0; }
int cuGetErrorString(int error, const char **text) { return cuGetErrorName(error, text); }
/* NVRTC asks for this, and may be told that there is none. */
int cuGetExportTable(const void **table, const void *id) { (void)table; (void)id; return 500; }

/* Contexts, streams and events: nothing ever runs, so nothing is waited for. */
#define THING(name) int name(void **thing) { *thing = malloc(1); return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { (void)device; *context = malloc(1); return 0; }
THING(cuStreamCreate) THING(cuStreamCreateWithPriority) THING(cuEventCreate)
#define NOTHING(name) int name(void) { return 0; }
NOTHING(cuCtxSetCurrent) NOTHING(cuStreamSynchronize) NOTHING(cuStreamWaitEvent) NOTHING(cuStreamDestroy_v2)
NOTHING(cuEventRecord) NOTHING(cuEventQuery) NOTHING(cuEventSynchronize) NOTHING(cuEventDestroy_v2)
NOTHING(cuModuleUnload) NOTHING(cuFuncSetAttribute)
int cuCtxGetStreamPriorityRange(int *least, int *greatest) { *least = *greatest = 0; return 0; }
int cuEventElapsedTime(float *ms, void *a, void *b) { (void)a; (void)b; *ms = 1.0f; return 0; }
int cuEventElapsedTime_v2(float *ms, void *a, void *b) { return cuEventElapsedTime(ms, a, b); }

/* Memory. */
int cuMemAlloc_v2(uint64_t *at, size_t bytes) { *at = (uint64_t)calloc(1, bytes); return *at ? 0 : 2; }
int cuMemAllocAsync(uint64_t *at, size_t bytes, void *stream) { (void)stream; return cuMemAlloc_v2(at, bytes); }
int cuMemAllocHost_v2(void **at, size_t bytes) { *at = calloc(1, bytes); return *at ? 0 : 2; }
int cuMemFree_v2(uint64_t at) { free((void *)at); return 0; }
int cuMemFreeAsync(uint64_t at, void *stream) { (void)stream; return cuMemFree_v2(at); }
int cuMemFreeHost(void *at) { free(at); return 0; }
int cuMemGetInfo_v2(size_t *unused, size_t *all) { *unused = *all = (size_t)80 << 30; return 0; }
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
    (void)stream;
    memcpy((void *)to, from, bytes);
    return 0;
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
    (void)stream;
    memcpy(to, (void *)from, bytes);
    return 0;
}
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
    (void)stream;
    memmove((void *)to, (void *)from, bytes);
    return 0;
}
/* The offset in bytes, the place in host or device memory, and the pitch of a side of a copy by rows. */
typedef struct { size_t x, y; unsigned kind; const void *host; uint64_t device; void *array; size_t pitch; } Side;
typedef struct { Side from, to; size_t width, height; } Copy;
int cuMemcpy2DAsync_v2(const Copy *copy, void *stream) {
    (void)stream;
    const Side *f = &copy->from, *t = &copy->to;
    const char *from = f->kind == 1 ? f->host : (const char *)f->device;
    char *to = t->kind == 1 ? (char *)t->host : (char *)t->device;
    for (size_t row = 0; row < copy->height; row++)
        memcpy(to + (t->y + row) * t->pitch + t->x, from + (f->y + row) * f->pitch + f->x, copy->width);
    return 0;
}

/* Kernels. */
int cuModuleLoadData(void **module, const void *image) {
    Module *loaded = calloc(1, sizeof *loaded);
    loaded->ptx = strdup(image);
    *module = loaded;
    return 0;
}
int cuModuleGetFunction(void **function, Module *module, const char *name) {
    static int count;
    char file[512];
    snprintf(module->name, sizeof module->name, "%03d-%.180s", count++, name);
    snprintf(file, sizeof file, "%s.ptx", module->name);
    FILE *out = opened(file, "w");
    if (out) {
        fputs(module->ptx, out);
        fclose(out);
    }
    *function = module;
    return 0;
}
int cuLaunchKernel(Module *kernel, unsigned x, unsigned y, unsigned z, unsigned threads_x, unsigned threads_y,
                   unsigned threads_z, unsigned shared_bytes, void *stream, void **arguments, void **more) {
    (void)stream; (void)more;
    FILE *out = opened("launches.tsv", "a");
    if (out) {
        fprintf(out, "%s\t%u,%u,%u\t%u\t%u\n", kernel->name, x, y, z, threads_x * threads_y * threads_z, shared_bytes);
        fclose(out);
    }
    if (strstr(kernel->name, "neighbours") && !getenv("NO_CARD_IDLE")) {
        float *sums = *(float **)arguments[0];
        for (unsigned thread = 0; thread < 64; thread++) sums[thread] = (float)(9 * ((thread + 1) % 64) + 3);
    }
    return 0;
}
