/* The thread pool. A job is published through a door: while it is open workers walk in and take
   indices; the caller takes indices too, closes the door and waits until nobody is inside. So no
   job waits for a worker that is asleep. One job at a time: whoever finds the pool busy (a nested
   call, another tape) runs a plain loop. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/parts.h"

enum {
  SPINS = 20000,    /* about a quarter of a millisecond: waking a sleeper may cost a tenth of one */
  LEAST_TILES = 16, /* fewer are done before another processor has their memory */
};
#define CLOSED 0x80000000u /* in `door`; the rest counts the workers inside */

struct tgi_pool {
  pid_t owner; /* a forked child has the pool's memory, not its threads */
  int workers;
  atomic_bool busy;
  /* The job; written only while the door is closed and nobody is inside. */
  tgi_work_fn *work;
  void *user;
  int64_t n;
  _Atomic uint64_t
      taken; /* the low half counts those from the front, the high half from the back */
  atomic_uint door;
  /* Sleeping. Each job is a new round. */
  atomic_uint round;
  atomic_int sleepers;
  atomic_bool stop;
  pthread_mutex_t mutex;
  pthread_cond_t wake, left;
  pthread_t threads[];
};

static inline void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

static void plain_loop(int64_t n, tgi_work_fn *work, void *user) {
  for (int64_t i = 0; i < n; i++) work(user, i);
}

/* The caller takes indices from the front and workers from the back: over the jobs of one
   evaluation each works on much the same part of memory, which then lies in its cache. */
static bool take_index(tgi_pool *p, bool front, int64_t *i) {
  uint64_t was = atomic_load_explicit(&p->taken, memory_order_relaxed), one = 1;
  for (;;) {
    int64_t before = (int64_t)(was & UINT32_MAX), behind = (int64_t)(was >> 32);
    if (before + behind >= p->n) return false;
    *i = front ? before : p->n - 1 - behind;
    if (atomic_compare_exchange_weak_explicit(&p->taken, &was, was + (front ? one : one << 32),
                                              memory_order_relaxed, memory_order_relaxed))
      return true;
  }
}

static void take_indices(tgi_pool *p, bool front) {
  for (int64_t i; take_index(p, front, &i);) p->work(p->user, i);
}

/* ---- workers ---- */

static bool enter(tgi_pool *p) {
  unsigned door = atomic_load(&p->door);
  do {
    if (door & CLOSED) return false;
  } while (!atomic_compare_exchange_weak(&p->door, &door, door + 1));
  return true;
}

static void leave(tgi_pool *p) {
  if (atomic_fetch_sub(&p->door, 1) != (CLOSED | 1)) return;
  pthread_mutex_lock(&p->mutex);
  pthread_cond_signal(&p->left);
  pthread_mutex_unlock(&p->mutex);
}

/* Returns the round that follows `seen`. */
static unsigned await_round(tgi_pool *p, unsigned seen) {
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load(&p->round) != seen) return atomic_load(&p->round);
    pause_briefly();
  }
  pthread_mutex_lock(&p->mutex);
  atomic_fetch_add(&p->sleepers, 1);
  while (atomic_load(&p->round) == seen) pthread_cond_wait(&p->wake, &p->mutex);
  atomic_fetch_sub(&p->sleepers, 1);
  pthread_mutex_unlock(&p->mutex);
  return atomic_load(&p->round);
}

static void *worker(void *user) {
  tgi_pool *p = user;
  unsigned seen = 0;
  for (;;) {
    seen = await_round(p, seen);
    if (atomic_load(&p->stop)) return NULL;
    if (!enter(p)) continue;
    take_indices(p, false);
    leave(p);
  }
}

/* ---- the caller ---- */

static void new_round(tgi_pool *p) {
  atomic_fetch_add(&p->round, 1);
  if (atomic_load(&p->sleepers) == 0) return;
  pthread_mutex_lock(&p->mutex);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->mutex);
}

static void close_door(tgi_pool *p) {
  atomic_fetch_or(&p->door, CLOSED);
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load(&p->door) == CLOSED) return;
    pause_briefly();
  }
  pthread_mutex_lock(&p->mutex);
  while (atomic_load(&p->door) != CLOSED) pthread_cond_wait(&p->left, &p->mutex);
  pthread_mutex_unlock(&p->mutex);
}

void tgi_parallel(const tg_runtime *runtime, int64_t n, tgi_work_fn *work, void *user) {
  tgi_pool *p = tgi_runtime(runtime)->pool;
  if (n <= 1 || n > UINT32_MAX || !p || p->owner != getpid() || atomic_exchange(&p->busy, true)) {
    plain_loop(n, work, user);
    return;
  }
  p->work = work;
  p->user = user;
  p->n = n;
  atomic_store(&p->taken, 0);
  atomic_store(&p->door, 0);
  new_round(p);
  take_indices(p, true);
  close_door(p);
  atomic_store(&p->busy, false);
}

void tgi_parallel_tiles(const tg_runtime *runtime, int64_t n, tgi_work_fn *work, void *user) {
  if (n < LEAST_TILES)
    plain_loop(n, work, user);
  else
    tgi_parallel(runtime, n, work, user);
}

/* ---- life ---- */

static size_t pool_size(int workers) {
  return sizeof(tgi_pool) + (size_t)workers * sizeof(pthread_t);
}

static void stop_workers(tgi_pool *p, int started) {
  atomic_store(&p->stop, true);
  new_round(p);
  for (int i = 0; i < started; i++) pthread_join(p->threads[i], NULL);
}

/* The workers take no signals: those are the program's. */
static int start_workers(tgi_pool *p) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int started = 0;
  while (started < p->workers && pthread_create(&p->threads[started], NULL, worker, p) == 0)
    started++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

static bool init_locks(tgi_pool *p) {
  if (pthread_mutex_init(&p->mutex, NULL) != 0) return false;
  if (pthread_cond_init(&p->wake, NULL) == 0) {
    if (pthread_cond_init(&p->left, NULL) == 0) return true;
    pthread_cond_destroy(&p->wake);
  }
  pthread_mutex_destroy(&p->mutex);
  return false;
}

static void destroy_locks(tgi_pool *p) {
  pthread_cond_destroy(&p->left);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->mutex);
}

tgi_pool *tgi_pool_new(const tg_runtime *runtime, int threads, tg_error *error) {
  int workers = threads - 1;
  tgi_pool *p = tgi_hook_alloc(runtime, pool_size(workers));
  if (!p) {
    tgi_error(error, TG_NO_MEMORY, "runtime: no memory for %d threads", threads);
    return NULL;
  }
  *p = (tgi_pool){.owner = getpid(), .workers = workers};
  atomic_init(&p->door, CLOSED);
  bool locks = init_locks(p);
  int started = locks ? start_workers(p) : 0;
  if (started == workers) return p;
  tgi_error(error, TG_NO_MEMORY, "runtime: the system gives %d of %d threads", started + 1,
            threads);
  if (locks) {
    stop_workers(p, started);
    destroy_locks(p);
  }
  tgi_hook_free(runtime, p, pool_size(workers));
  return NULL;
}

void tgi_pool_free(const tg_runtime *runtime, tgi_pool *p) {
  int workers = p->workers;
  if (p->owner == getpid()) {
    stop_workers(p, workers);
    destroy_locks(p);
  }
  tgi_hook_free(runtime, p, pool_size(workers));
}
