/* A recurrent cell from primitive operators, unrolled over its sequence. */
#include "workloads.h"

enum { STEPS = 32, BATCH = 32, IN = 64, HIDDEN = 256, GATES = 4 * HIDDEN };

static tg_var lstm_loss(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]) {
  (void)w;
  tg_var h = tg_zeros(t, TG_F32, TG_DIMS(BATCH, HIDDEN)), c = h, gate[4];
  tg_var from_x = tg_linear(x[0], p[0], tg_add(p[2], p[3])); /* of all steps in one product */
  for (int k = 0; k < STEPS; k++) {
    tg_var g = tg_add(tg_select(from_x, 0, k), tg_linear(h, p[1], TG_NONE));
    tg_split(g, HIDDEN, 1, gate, 4);
    tg_var in = tg_mul(tg_sigmoid(gate[0]), tg_tanh(gate[2]));
    c = tg_add(tg_mul(tg_sigmoid(gate[1]), c), in);
    h = tg_mul(tg_sigmoid(gate[3]), tg_tanh(c));
  }
  return tg_mean(tg_square(h), TG_ALL, false);
}

const workload workload_lstm_cell = {
    .name = "lstm_cell",
    .note = "LSTM 64->256, 32 steps, batch 32, loss mean(h^2), SGD 0.01",
    .params = {{TG_F32, 2, {GATES, IN}, .seed = 100, .fan_in = HIDDEN},
               {TG_F32, 2, {GATES, HIDDEN}, .seed = 101, .fan_in = HIDDEN},
               {TG_F32, 1, {GATES}, .seed = 102, .fan_in = HIDDEN},
               {TG_F32, 1, {GATES}, .seed = 103, .fan_in = HIDDEN}},
    .inputs = {{TG_F32, 3, {STEPS, BATCH, IN}, .seed = 1, .lo = -1, .hi = 1}},
    .loss = lstm_loss,
    .update = UPDATE_SGD,
    .lr = 0.01,
};
