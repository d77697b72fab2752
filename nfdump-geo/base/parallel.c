/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/parallel.h"

#include <assert.h>
#include <pthread.h>

struct share {
	parallel_function *function;
	void *arg;
	unsigned number;
	bool started, done;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct share *share = arg;

	share->done = share->function(share->arg, share->number);
	return NULL;
}

bool parallel_run(unsigned count, parallel_function *function, void *arg)
{
	struct share share[PARALLEL_SHARES_MAX];
	bool done = true;

	assert(count <= PARALLEL_SHARES_MAX);
	for (unsigned i = 0; i < count; i++) {
		share[i] = (struct share){.function = function, .arg = arg, .number = i};
		share[i].started = pthread_create(&share[i].thread, NULL, work, &share[i]) == 0;
		if (!share[i].started)
			work(&share[i]);
	}
	for (unsigned i = 0; i < count; i++) {
		if (share[i].started)
			pthread_join(share[i].thread, NULL);
		done &= share[i].done;
	}
	return done;
}
