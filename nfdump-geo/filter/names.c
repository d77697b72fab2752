/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/names.h"

#include <string.h>
#include <strings.h>

/* IP protocols as they are printed, at most five letters. IDPR stands twice, as in every nfdump:
 * the first, 35, is found. */
const struct name proto_names[] = {
	{"ICMP", 1}, {"IGMP", 2}, {"GGP", 3}, {"IPIP", 4}, {"ST", 5},
	{"TCP", 6}, {"CBT", 7}, {"EGP", 8}, {"IGP", 9},
	{"BBN", 10}, {"NVPII", 11}, {"PUP", 12}, {"ARGUS", 13}, {"ENCOM", 14},
	{"XNET", 15}, {"CHAOS", 16}, {"UDP", 17}, {"MUX", 18}, {"DCN", 19},
	{"HMP", 20}, {"PRM", 21}, {"XNS", 22}, {"Trnk1", 23}, {"Trnk2", 24},
	{"Leaf1", 25}, {"Leaf2", 26}, {"RDP", 27}, {"IRTP", 28}, {"ISO-4", 29},
	{"NETBK", 30}, {"MFESP", 31}, {"MEINP", 32}, {"DCCP", 33}, {"3PC", 34},
	{"IDPR", 35}, {"XTP", 36}, {"DDP", 37}, {"IDPR", 38}, {"TP++", 39},
	{"IL", 40}, {"IPv6", 41}, {"SDRP", 42}, {"Rte6", 43}, {"Frag6", 44},
	{"IDRP", 45}, {"RSVP", 46}, {"GRE", 47}, {"MHRP", 48}, {"BNA", 49},
	{"ESP", 50}, {"AH", 51}, {"INLSP", 52}, {"SWIPE", 53}, {"NARP", 54},
	{"MOBIL", 55}, {"TLSP", 56}, {"SKIP", 57}, {"ICMP6", 58}, {"NOHE6", 59},
	{"OPTS6", 60}, {"HOST", 61}, {"CFTP", 62}, {"NET", 63}, {"SATNT", 64},
	{"KLAN", 65}, {"RVD", 66}, {"IPPC", 67}, {"FS", 68}, {"SATM", 69},
	{"VISA", 70}, {"IPCV", 71}, {"CPNX", 72}, {"CPHB", 73}, {"WSN", 74},
	{"PVP", 75}, {"BSATM", 76}, {"SUNND", 77}, {"WBMON", 78}, {"WBEXP", 79},
	{"ISOIP", 80}, {"VMTP", 81}, {"SVMTP", 82}, {"VINES", 83}, {"TTP", 84},
	{"NSIGP", 85}, {"DGP", 86}, {"TCF", 87}, {"EIGRP", 88}, {"OSPF", 89},
	{"S-RPC", 90}, {"LARP", 91}, {"MTP", 92}, {"AX.25", 93}, {"OS", 94},
	{"MICP", 95}, {"SCCSP", 96}, {"ETHIP", 97}, {"ENCAP", 98},
	{"GMTP", 100}, {"IFMP", 101}, {"PNNI", 102}, {"PIM", 103}, {"ARIS", 104},
	{"SCPS", 105}, {"QNX", 106}, {"A/N", 107}, {"IPcmp", 108}, {"SNP", 109},
	{"CpqPP", 110}, {"IPXIP", 111}, {"VRRP", 112}, {"PGM", 113}, {"0hop", 114},
	{"L2TP", 115}, {"DDX", 116}, {"IATP", 117}, {"STP", 118}, {"SRP", 119},
	{"UTI", 120}, {"SMP", 121}, {"SM", 122}, {"PTP", 123}, {"ISIS4", 124},
	{"FIRE", 125}, {"CRTP", 126}, {"CRUDP", 127}, {"IPLT", 129},
	{"SPS", 130}, {"PIPE", 131}, {"SCTP", 132}, {"FC", 133},
	{"MHEAD", 135}, {"UDP-L", 136}, {"MPLS", 137},
	{NULL, 0},
};

/* Forwarding status, RFC 7270 section 4.12. */
const struct name fwdstat_names[] = {
	{"Ukwn", 0}, {"Forw", 1}, {"Frag", 2}, {"Drop", 16}, {"DaclD", 17},
	{"Daclp", 18}, {"Noroute", 19}, {"Dadj", 20}, {"Dfrag", 21}, {"Dbadh", 22},
	{"Dbadtlen", 23}, {"Dbadhlen", 24}, {"DbadTTL", 25}, {"Dpolicy", 26}, {"Dwred", 27},
	{"Drpf", 28}, {"Dforus", 29}, {"DbadOf", 30}, {"Dhw", 31}, {"Term", 128},
	{"Tadj", 129}, {"TincAdj", 130}, {"Tforus", 131},
	{NULL, 0},
};

const struct name direction_names[] = {
	{"ingress", 0}, {"egress", 1}, {NULL, 0},
};

/* IPFIX element 233, firewallEvent. */
const struct name asa_event_names[] = {
	{"ignore", 0}, {"create", 1}, {"term", 2},  {"delete", 2},
	{"deny", 3},   {"denied", 3}, {"alert", 4}, {"update", 5}, {NULL, 0},
};

/* Extended codes of a denied flow. */
const struct name asa_denied_names[] = {
	{"ingress", 1001}, {"egress", 1002}, {"interface", 1003}, {"nosyn", 1004}, {NULL, 0},
};

/* IPFIX element 230, natEvent (RFC 8158 section 4.3). */
const struct name nat_event_names[] = {
	{"invalid", 0},	 {"ignore", 0},	  {"add", 1},	   {"create", 1},   {"delete", 2},
	{"exhaust", 3},	 {"add44", 4},	  {"del44", 5},	   {"add64", 6},    {"del64", 7},
	{"add44bib", 8}, {"del44bib", 9}, {"add64bib", 10}, {"del64bib", 11}, {"pexhaust", 12},
	{"quota", 13},	 {"addbind", 14}, {"delbind", 15}, {"addpblock", 16}, {"delpblock", 17},
	{"threshold", 18}, {NULL, 0},
};

bool name_find(const struct name *names, const char *word, size_t len, uint64_t *number)
{
	for (; names->word; names++) {
		if (strncasecmp(names->word, word, len) == 0 && !names->word[len]) {
			*number = names->number;
			return true;
		}
	}
	return false;
}
