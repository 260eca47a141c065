/* Jacobians and second derivatives. The check value is the sum of squares of the result, which is
   added up outside of what is timed. */
#include <string.h>

#include "workloads.h"

/* ---- Hessian times vector ---- */

static tg_var tanh_network(const tg_var p[], tg_var x) {
  tg_var h = tg_tanh(tg_linear(x, p[0], p[1]));
  h = tg_tanh(tg_linear(h, p[2], p[3]));
  return tg_linear(h, p[4], p[5]);
}

enum { LAYERS_PARAMS = 6 };

static tg_var classes(const tg_var p[], const tg_var x[]) {
  return tg_cross_entropy(tanh_network(p, x[0]), x[1]);
}

/* Reverse over forward: the gradient itself, which nobody reads, is not computed. */
static void hvp_step(bench *b) {
  tg_var p[MOST_PARAMS], x[MOST_INPUTS], along;
  bench_begin(b, p, x);
  tg_var loss = classes(p, x);
  tg_jvp(&loss, 1, p, x + 2, LAYERS_PARAMS, &along);
  tg_backward_write(along, b->grads);
  b->outputs[0] = tg_grads_flat(b->grads, TG_F32);
  b->n_outputs = 1;
}

/* Forward over reverse into the gradients' memory: a program leaves out what nobody reads. */
static void hvp_record(bench *b, const tg_var p[], const tg_var x[]) {
  tg_var hv[LAYERS_PARAMS];
  tg_hvp(classes(p, x), p, x + 2, LAYERS_PARAMS, hv);
  for (int i = 0; i < LAYERS_PARAMS; i++) tg_store(tg_grads_tensor(b->grads, i), hv[i]);
  b->outputs[0] = tg_grads_flat(b->grads, TG_F32);
  b->n_outputs = 1;
}

const workload workload_hvp_mlp = {
    .name = "hvp_mlp",
    .note = "784-64-64-10 tanh, CE, batch 128, replay: forward over reverse, eager: reverse over "
            "forward; v in U(-1,1)",
    .params = {LAYER(784, 64, 100), LAYER(64, 64, 102), LAYER(64, 10, 104)},
    .inputs = {{TG_F32, 2, {128, 784}, .seed = 1, .lo = 0, .hi = 1},
               {TG_I64, 1, {128}, .seed = 2, .classes = 10},
               {TG_F32, 2, {64, 784}, .seed = 300, .lo = -1, .hi = 1},
               {TG_F32, 1, {64}, .seed = 301, .lo = -1, .hi = 1},
               {TG_F32, 2, {64, 64}, .seed = 302, .lo = -1, .hi = 1},
               {TG_F32, 1, {64}, .seed = 303, .lo = -1, .hi = 1},
               {TG_F32, 2, {10, 64}, .seed = 304, .lo = -1, .hi = 1},
               {TG_F32, 1, {10}, .seed = 305, .lo = -1, .hi = 1}},
    .step = hvp_step,
    .record = hvp_record,
};

/* ---- Jacobian and Hessian: as many copies of x as there are rows, one sweep for all ---- */

enum { WIDTH = 64, UNKNOWNS = 200 };

/* The result is the rows' cotangents times dy/dcopies: by a plain sweep, */
static void sweep_rows(bench *b, tg_var y, tg_var rows, tg_var copies) {
  tg_vjp_into(&y, &rows, 1, &copies, 1, &b->result);
  b->outputs[0] = b->result;
  b->n_outputs = 1;
}

/* and in a program by a recorded one. */
static void record_rows(bench *b, tg_var y, tg_var rows, tg_var copies) {
  tg_var product;
  tg_vjp(&y, &rows, 1, &copies, 1, &product);
  tg_store(b->result, product);
  b->outputs[0] = b->result;
  b->n_outputs = 1;
}

static void jacobian_step(bench *b) {
  tg_var p[MOST_PARAMS], x[MOST_INPUTS];
  bench_begin(b, p, x);
  tg_var copies = tg_expand(x[0], TG_DIMS(WIDTH, WIDTH));
  sweep_rows(b, tanh_network(p, copies), x[1], copies);
}

static void jacobian_record(bench *b, const tg_var p[], const tg_var x[]) {
  tg_var copies = tg_expand(x[0], TG_DIMS(WIDTH, WIDTH));
  record_rows(b, tanh_network(p, copies), x[1], copies);
}

const workload workload_jacobian_mlp = {
    .name = "jacobian_mlp",
    .note = "64-64-64-64, tanh on both hidden layers; 64 copies of x, one sweep",
    .params = {LAYER(WIDTH, WIDTH, 100), LAYER(WIDTH, WIDTH, 102), LAYER(WIDTH, WIDTH, 104)},
    .inputs = {{TG_F32, 1, {WIDTH}, .seed = 1, .lo = -1, .hi = 1},
               {TG_F32, 2, {WIDTH, WIDTH}, .identity = true}},
    .result = {.dtype = TG_F32, .rank = 2, .dims = {WIDTH, WIDTH}},
    .step = jacobian_step,
    .record = jacobian_record,
};

/* sum over i of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2, of every row */
static tg_var rosenbrock(tg_var x) {
  tg_var a = tg_slice(x, -1, 0, -1, 1), b = tg_slice(x, -1, 1, TG_END, 1);
  tg_var valley = tg_sum(tg_square(tg_sub(b, tg_square(a))), TG_ALL, false);
  return tg_add(tg_mul_scalar(valley, 100), tg_sum(tg_square(tg_rsub_scalar(a, 1)), TG_ALL, false));
}

static void hessian_step(bench *b) {
  tg_var x[MOST_INPUTS], g;
  bench_begin(b, NULL, x);
  tg_var copies = tg_expand(x[0], TG_DIMS(UNKNOWNS, UNKNOWNS));
  tg_grad(rosenbrock(copies), &copies, 1, &g);
  sweep_rows(b, g, x[1], copies);
}

static void hessian_record(bench *b, const tg_var p[], const tg_var x[]) {
  (void)p;
  tg_var copies = tg_expand(x[0], TG_DIMS(UNKNOWNS, UNKNOWNS)), g;
  tg_grad(rosenbrock(copies), &copies, 1, &g);
  record_rows(b, g, x[1], copies);
}

const workload workload_hessian_rosenbrock = {
    .name = "hessian_rosenbrock",
    .note = "n = 200, f64: 200 copies of x, reverse over reverse",
    .inputs = {{TG_F64, 1, {UNKNOWNS}, .seed = 1, .lo = -2, .hi = 2},
               {TG_F64, 2, {UNKNOWNS, UNKNOWNS}, .identity = true}},
    .result = {.dtype = TG_F64, .rank = 2, .dims = {UNKNOWNS, UNKNOWNS}},
    .step = hessian_step,
    .record = hessian_record,
};
