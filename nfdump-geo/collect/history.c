/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect/history.h"

#include "nffile/geosummary.h"
#include "nffile/reader.h"

enum { RATE_UNKNOWN = 1000 /* flows a second */ };

static uint64_t expected(uint64_t flow_count, int32_t interval_s)
{
	return flow_count * CELL_AGE_S / (uint64_t)(interval_s > 0 ? interval_s : 1);
}

void history_init(struct slot_history *history)
{
	*history = (struct slot_history){.expected_flows = RATE_UNKNOWN * CELL_AGE_S};
}

bool history_from_file(struct slot_history *history, const char *path, int32_t interval_s)
{
	const struct geo_summary *summary;
	struct nffile_reader *reader;

	if (nffile_open(&reader, path, NULL) != NFGEO_OK)
		return false;
	summary = nffile_summary(reader);
	if (summary) {
		for (unsigned code = 0; code < COUNTRY_CODES; code++) {
			history->shares.src[code] = (uint32_t)summary->totals.src[code].flows;
			history->shares.dst[code] = (uint32_t)summary->totals.dst[code].flows;
		}
		history->expected_flows = expected(summary->totals.flow_records, interval_s);
	}
	nffile_close(reader);
	return summary != NULL;
}

void history_from_writer(struct slot_history *history, const struct nffile_writer *writer,
			 int32_t interval_s)
{
	struct grid_shares shares;

	/* A slot without flows, when no exporter could be reached, says nothing of the next. */
	if (!nffile_totals(writer)->flows || !nffile_shares(writer, &shares))
		return;
	history->shares = shares;
	history->expected_flows = expected(nffile_totals(writer)->flows, interval_s);
}
