/* The operators, chapter by chapter, each with its formula. They give a failed var on failure, with
   the reason on the operand's tape: TG_SHAPE or TG_DTYPE where operands do not fit, TG_NO_MEMORY,
   and what is said beside them. Names and conventions are PyTorch's where it has the operator. */
#ifndef TAPEGRAD_OPS_H
#define TAPEGRAD_OPS_H

#include "ops_create.h"
#include "ops_elementwise.h"
#include "ops_index.h"
#include "ops_linear.h"
#include "ops_loss.h"
#include "ops_nn.h"
#include "ops_reduce.h"
#include "ops_shape.h"

#endif
