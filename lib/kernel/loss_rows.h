/* Every loss that compares two numbers, one row each. As in elementwise_rows.h there is no guard: a
   reader defines LOSS and LOSS1, and the slopes are read twice: as operators on vars they are the
   rules, as arithmetic on numbers they are the fused gradient kernels.

   Columns
     name     the operator is tg_name, its struct tgi_op_name
     label    for pictures
     formula  of one element, for people
     ranges   two pairs of intervals, {x low, x high, t low, t high}, that keep away from kinks
     p        LOSS1: name of the attribute, `any` or `positive` (as it must be), its usual value
     value    of one element, in the vocabulary of numbers
     slope    of the value by x, and by t, in operators; NOTHING where it is zero everywhere

   In scope: x the prediction, t the target, p the attribute (a double), K(c) the constant c. What
   holds at a kink is what PyTorch does there. */

/* clang-format off */
LOSS ( mse_loss,       "mse",       "(x - t)^2",
       RANGES(-2.0, 2.0, -2.0, 2.0),  RANGES(1.0, 3.0, -1.0, 1.0),
       mul(sub(x, t), sub(x, t)),
       tg_mul_scalar(tg_sub(x, t), 2),
       tg_mul_scalar(tg_sub(t, x), 2) )
LOSS ( l1_loss,        "l1",        "|x - t|",
       RANGES(0.5, 2.0, -2.0, 0.0),   RANGES(-2.0, -0.5, 0.0, 2.0),
       abs(sub(x, t)),
       tg_sign(tg_sub(x, t)),
       tg_sign(tg_sub(t, x)) )
LOSS1( smooth_l1_loss, "smooth l1", "|x - t| < beta ? (x - t)^2 / (2 beta) : |x - t| - beta / 2",
       RANGES(-0.4, 0.4, -0.4, 0.4),  RANGES(-3.0, -1.0, 0.5, 2.0), beta, positive, 1.0,
       select(lt(abs(sub(x, t)), K(p)), div(mul(mul(K(0.5), sub(x, t)), sub(x, t)), K(p)),
              sub(abs(sub(x, t)), K(0.5 * p))),
       tg_hardtanh(tg_div_scalar(tg_sub(x, t), p), -1, 1),
       tg_hardtanh(tg_div_scalar(tg_sub(t, x), p), -1, 1) )
LOSS1( huber_loss,     "huber",     "|x - t| <= delta ? (x - t)^2 / 2 : delta (|x - t| - delta / 2)",
       RANGES(-0.4, 0.4, -0.4, 0.4),  RANGES(1.0, 3.0, -2.0, -0.5), delta, positive, 1.0,
       select(le(abs(sub(x, t)), K(p)), mul(mul(K(0.5), sub(x, t)), sub(x, t)),
              mul(K(p), sub(abs(sub(x, t)), K(0.5 * p)))),
       tg_clamp(tg_sub(x, t), -p, p),
       tg_clamp(tg_sub(t, x), -p, p) )
LOSS ( binary_cross_entropy, "bce", "-t max(log(x), -100) - (1 - t) max(log(1 - x), -100)",
       RANGES(0.1, 0.9, 0.0, 1.0),    RANGES(0.3, 0.6, 0.2, 0.8),
       neg(add(mul(t, max(log(x), K(-100))), mul(sub(K(1), t), max(log1p(neg(x)), K(-100))))),
       tg_div(tg_sub(x, t), tg_maximum_scalar(tg_mul(x, tg_rsub_scalar(x, 1)), 1e-12)),
       tg_sub(tg_maximum_scalar(tg_log1p(tg_neg(x)), -100), tg_maximum_scalar(tg_log(x), -100)) )
LOSS ( binary_cross_entropy_with_logits, "bce logits", "max(x, 0) - x t + log(1 + e^-|x|)",
       RANGES(-3.0, 3.0, 0.0, 1.0),   RANGES(1.0, 5.0, -0.5, 1.5),
       add(sub(max(x, K(0)), mul(x, t)), log1p(exp(neg(abs(x))))),
       tg_sub(tg_sigmoid(x), t),
       tg_neg(x) )
LOSS ( kl_div,         "kl",        "t (log(t) - x), where t = 0: -t x",
       RANGES(-3.0, -0.5, 0.1, 0.9),  RANGES(-1.0, 1.0, 0.3, 2.0),
       sub(select(eq(t, K(0)), K(0), mul(t, log(t))), mul(t, x)),
       tg_neg(t),
       tg_sub(tg_where(tg_eq_scalar(t, 0), K(0),
                       tg_add_scalar(tg_log(tg_where(tg_eq_scalar(t, 0), K(1), t)), 1)), x) )
LOSS ( kl_div_log_target, "kl",        "e^t (t - x)",
       RANGES(-3.0, -0.5, -2.0, 0.0), RANGES(-1.0, 1.0, -1.0, 1.0),
       mul(exp(t), sub(t, x)),
       tg_neg(tg_exp(t)),
       tg_mul(tg_exp(t), tg_add_scalar(tg_sub(t, x), 1)) )
LOSS ( hinge_loss,     "hinge",     "max(0, 1 - t x)",
       RANGES(-0.9, 0.9, -1.0, 1.0),  RANGES(2.0, 3.0, 1.0, 2.0),
       max(sub(K(1), mul(t, x)), K(0)),
       tg_where(tg_lt_scalar(tg_mul(t, x), 1), tg_neg(t), K(0)),
       tg_where(tg_lt_scalar(tg_mul(t, x), 1), tg_neg(x), K(0)) )
LOSS1( hinge_embedding_loss, "hinge embedding", "(t = -1 ? 0 : x) + (t = 1 ? 0 : max(0, margin - x))",
       RANGES(-0.9, 0.9, 1.0, 1.0),   RANGES(-2.0, 0.8, -1.0, -1.0), margin, any, 1.0,
       add(select(eq(t, K(-1)), K(0), x), select(eq(t, K(1)), K(0), max(sub(K(p), x), K(0)))),
       tg_sub(tg_where(tg_eq_scalar(t, -1), K(0), K(1)),
              tg_where(tg_logical_and(tg_ne_scalar(t, 1), tg_le_scalar(x, p)), K(1), K(0))),
       NOTHING )
/* clang-format on */

#undef LOSS
#undef LOSS1
#undef RANGES
