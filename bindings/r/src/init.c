#include "glue.h"

#include <R_ext/Rdynload.h>

#define ROUTINE(name, count) {#name, (DL_FUNC)&glue_##name, count}

static const R_CallMethodDef routines[] = {
    ROUTINE(options, 2), ROUTINE(split, 2),   ROUTINE(open, 4),    ROUTINE(close, 1),   ROUTINE(discard, 1), ROUTINE(alive, 1),
    ROUTINE(plugin, 1),  ROUTINE(count, 2),   ROUTINE(props, 3),   ROUTINE(read, 4),    ROUTINE(meta, 3),    ROUTINE(iter, 2),
    ROUTINE(seek, 2),    ROUTINE(write, 6),   ROUTINE(bytes, 1),   ROUTINE(call, 3),    ROUTINE(plugins, 0), ROUTINE(formats, 0),
    ROUTINE(load, 1),    ROUTINE(priority, 2), ROUTINE(version, 0), ROUTINE(log, 1),    ROUTINE(interrupt, 0), {NULL, NULL, 0},
};

void R_init_imageio(DllInfo *info);
void R_init_imageio(DllInfo *info) {
  R_registerRoutines(info, NULL, routines, NULL, NULL);
  R_useDynamicSymbols(info, FALSE);
  R_forceSymbols(info, TRUE);
}
