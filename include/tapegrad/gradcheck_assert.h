/* A gradient check as one line of a Check test. Include check.h first. */
#ifndef TAPEGRAD_GRADCHECK_ASSERT_H
#define TAPEGRAD_GRADCHECK_ASSERT_H

#include "gradcheck.h"

/* Fails the test with the check's sentence unless fn's gradients at x[0..n) are right; a kink is no
   failure. */
#define tg_assert_gradients(fn, x, n, user, options)                                               \
  do {                                                                                             \
    tg_gradcheck tg_result_;                                                                       \
    tg_gradcheck_run((fn), (x), (n), (user), (options), &tg_result_);                              \
    ck_assert_msg(tg_result_.verdict == TG_CHECK_RIGHT || tg_result_.verdict == TG_CHECK_KINK,     \
                  "%s", tg_result_.message);                                                       \
  } while (0)

#endif
