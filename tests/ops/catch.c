/* Runs the checks on a mutant in a process of its own, and keeps count. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mutants.h"

/* Exit statuses; others are a sanitizer's. */
enum { SURVIVED = 100, CAUGHT = 101, SECONDS = 60 };

/* Ends the process with the number of the check that failed. */
static void run_checks(const tg_op *m, int to) {
  char failure[FAILURE_SIZE];
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (freopen("/dev/null", "w", stderr) == NULL) _exit(SURVIVED);
  alarm(SECONDS);
  for (int k = 0; k < op_check_count; k++)
    if (run_check(&op_checks[k], m, failure) < 0) {
      ssize_t written = write(to, failure, sizeof failure);
      _exit(written > 0 ? CAUGHT + k : SURVIVED);
    }
  _exit(SURVIVED);
}

const char *catch_mutant(const tg_op *m, char failure[FAILURE_SIZE]) {
  int ends[2], status = 0;
  failure[0] = 0;
  fflush(NULL);
  if (pipe(ends) != 0) return NULL;
  pid_t child = fork();
  if (child == 0) run_checks(m, ends[1]);
  close(ends[1]);
  if (read(ends[0], failure, FAILURE_SIZE) < 1) failure[0] = 0;
  failure[FAILURE_SIZE - 1] = 0;
  close(ends[0]);
  if (child < 0 || waitpid(child, &status, 0) != child) return NULL;
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGALRM ? "endless loop" : "crash";
  int code = WEXITSTATUS(status);
  if (code == SURVIVED) return NULL;
  return code >= CAUGHT && code < CAUGHT + op_check_count ? op_checks[code - CAUGHT].name : "crash";
}

const char *survivor_reason(const char *op, const char *mutant, char reason[200]) {
  FILE *file = fopen(SURVIVORS, "r");
  char line[400], head[200];
  int length = snprintf(head, sizeof head, "%s: %s: ", op, mutant);
  const char *found = NULL;
  while (file && !found && fgets(line, sizeof line, file))
    if (strncmp(line, head, (size_t)length) == 0) {
      snprintf(reason, 200, "%.*s", (int)strcspn(line + length, "\n"), line + length);
      found = reason;
    }
  if (file) fclose(file);
  return found;
}

void try_mutant(tally *count, const tg_op *m, const char *mutant) {
  char failure[FAILURE_SIZE], reason[200];
  const char *by = catch_mutant(m, failure), *why = survivor_reason(m->name, mutant, reason);
  count->mutants++;
  count->caught += by != NULL;
  count->explained += by == NULL && why != NULL;
  size_t used = strlen(count->survivors);
  if (by == NULL && why == NULL)
    snprintf(count->survivors + used, sizeof count->survivors - used, "%s: %s: survived\n", m->name,
             mutant);
  if (by != NULL && why != NULL)
    snprintf(count->survivors + used, sizeof count->survivors - used,
             "%s: %s: caught by %s, but listed as a survivor\n", m->name, mutant, by);
  if (count->to)
    fprintf(count->to, "%s: %s: %s%s%s%s\n", m->name, mutant,
            by    ? by
            : why ? "same: "
                  : "SURVIVED",
            by || !why ? "" : why, *failure ? ": " : "", failure);
}
