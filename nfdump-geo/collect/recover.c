/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "collect/recover.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "nffile/sumfile.h"

#define PREFIX "nfcapd.current."
#define SUFFIX ".cells"

static bool is_candidate(const char *name)
{
	size_t len = strlen(name), end = sizeof(SUFFIX) - 1;

	return strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0 && len > sizeof(PREFIX) - 1 + end &&
	       strcmp(name + len - end, SUFFIX) == 0 && !strstr(name, ".damaged.");
}

static bool take(const char *dir, const char *name, struct leftover *leftover)
{
	char cells[PATH_MAX];

	if (snprintf(cells, sizeof(cells), "%s/%s", dir, name) >= (int)sizeof(cells))
		return false;
	leftover->lock = open(cells, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (leftover->lock < 0)
		return false;
	if (flock(leftover->lock, LOCK_EX | LOCK_NB) == 0) {
		snprintf(leftover->path, sizeof(leftover->path), "%.*s",
			 (int)(strlen(cells) - sizeof(SUFFIX) + 1), cells);
		return true;
	}
	close(leftover->lock); /* its writer lives */
	return false;
}

bool leftover_find(const char *dir, struct leftover *leftover)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	bool found = false;

	while (folder && !found && (entry = readdir(folder)))
		found = is_candidate(entry->d_name) && take(dir, entry->d_name, leftover);
	if (folder)
		closedir(folder);
	return found;
}

void leftover_close(struct leftover *leftover, bool remove)
{
	char cells[PATH_MAX];

	if (remove) {
		unlink(leftover->path);
		sumfile_remove(leftover->path);
		if (snprintf(cells, sizeof(cells), "%s%s", leftover->path, SUFFIX) <
		    (int)sizeof(cells))
			unlink(cells);
	}
	close(leftover->lock);
}
