/* All of tapegrad, but for what needs another library: gradcheck_assert.h needs Check, and
   picture.h is that of libtapegrad-picture. */
#ifndef TAPEGRAD_TAPEGRAD_H
#define TAPEGRAD_TAPEGRAD_H

#include "data.h"
#include "diff.h"
#include "gradcheck.h"
#include "graph.h"
#include "io.h"
#include "nn.h"
#include "op.h"
#include "ops.h"
#include "optim.h"
#include "params.h"
#include "program.h"
#include "random.h"
#include "runtime.h"
#include "status.h"
#include "tape.h"
#include "tensor.h"
#include "version.h"

#endif
