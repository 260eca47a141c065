/* The operators' structs, for the table and for operators built on others. */
#ifndef TGI_OPS_INTERNAL_H
#define TGI_OPS_INTERNAL_H

#include "tapegrad/ops.h"

#define ROW(name) extern const tg_op tgi_op_##name;
#include "kernel/elementwise_rows.h"
extern const tg_op tgi_op_where, tgi_op_masked_fill;
/* broadcasting */
extern const tg_op tgi_op_broadcast_to, tgi_op_sum_to;
/* shape */
extern const tg_op tgi_op_reshape, tgi_op_flatten, tgi_op_squeeze, tgi_op_squeeze_all,
    tgi_op_unsqueeze, tgi_op_transpose, tgi_op_permute, tgi_op_flip, tgi_op_slice,
    tgi_op_slice_scatter, tgi_op_select, tgi_op_concat, tgi_op_stack, tgi_op_expand, tgi_op_roll,
    tgi_op_pad, tgi_op_tile, tgi_op_repeat, tgi_op_repeat_interleave, tgi_op_diagonal,
    tgi_op_diagonal_scatter, tgi_op_diag_embed, tgi_op_tril, tgi_op_triu;
/* creation */
extern const tg_op tgi_op_full, tgi_op_arange, tgi_op_linspace, tgi_op_eye, tgi_op_identity,
    tgi_op_detach, tgi_op_contiguous, tgi_op_cast;
/* reduction */
extern const tg_op tgi_op_sum, tgi_op_mean, tgi_op_prod, tgi_op_amax, tgi_op_amin, tgi_op_any,
    tgi_op_all, tgi_op_argmax, tgi_op_argmin, tgi_op_logsumexp, tgi_op_norm, tgi_op_power_norm,
    tgi_op_var_mean, tgi_op_variance, tgi_op_std, tgi_op_cumsum, tgi_op_cumprod, tgi_op_linear_scan;
/* linear algebra */
extern const tg_op tgi_op_matmul, tgi_op_linear, tgi_op_dot, tgi_op_outer, tgi_op_softmax,
    tgi_op_log_softmax;
/* index */
extern const tg_op tgi_op_gather, tgi_op_scatter_add, tgi_op_index_select, tgi_op_index_add,
    tgi_op_one_hot, tgi_op_embedding;
/* losses */
extern const tg_op tgi_op_cross_entropy, tgi_op_nll_loss, tgi_op_class_targets,
    tgi_op_soft_cross_entropy, tgi_op_cosine_similarity, tgi_op_binary_cross_entropy_weighted,
    tgi_op_binary_cross_entropy_with_logits_weighted;
#define LOSS(name, ...)  extern const tg_op tgi_op_##name;
#define LOSS1(name, ...) extern const tg_op tgi_op_##name;
#include "kernel/loss_rows.h"
/* made by programs only: results are the loss and dx, given g, x, index and perhaps weights */
extern const tg_op tgi_op_cross_entropy_with_grad;
/* random */
extern const tg_op tgi_op_dropout;
extern const tg_op tgi_op_rand_uniform, tgi_op_rand_normal, tgi_op_rand_bernoulli;

#endif
