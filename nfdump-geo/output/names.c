/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/names.h"

#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As the filter language spells them (nfgeo-filter(7)); a gap prints as its number. */
static const char *const protocols[] = {
	NULL,	 "ICMP",  "IGMP",  "GGP",   "IPIP",  "ST",    "TCP",   "CBT",	"EGP",	 "IGP",
	"BBN",	 "NVPII", "PUP",   "ARGUS", "ENCOM", "XNET",  "CHAOS", "UDP",	"MUX",	 "DCN",
	"HMP",	 "PRM",	  "XNS",   "Trnk1", "Trnk2", "Leaf1", "Leaf2", "RDP",	"IRTP",	 "ISO-4",
	"NETBK", "MFESP", "MEINP", "DCCP",  "3PC",   "IDPR",  "XTP",   "DDP",	"IDPR",	 "TP++",
	"IL",	 "IPv6",  "SDRP",  "Rte6",  "Frag6", "IDRP",  "RSVP",  "GRE",	"MHRP",	 "BNA",
	"ESP",	 "AH",	  "INLSP", "SWIPE", "NARP",  "MOBIL", "TLSP",  "SKIP",	"ICMP6", "NOHE6",
	"OPTS6", "HOST",  "CFTP",  "NET",   "SATNT", "KLAN",  "RVD",   "IPPC",	"FS",	 "SATM",
	"VISA",	 "IPCV",  "CPNX",  "CPHB",  "WSN",   "PVP",   "BSATM", "SUNND", "WBMON", "WBEXP",
	"ISOIP", "VMTP",  "SVMTP", "VINES", "TTP",   "NSIGP", "DGP",   "TCF",	"EIGRP", "OSPF",
	"S-RPC", "LARP",  "MTP",   "AX.25", "OS",    "MICP",  "SCCSP", "ETHIP", "ENCAP", NULL,
	"GMTP",	 "IFMP",  "PNNI",  "PIM",   "ARIS",  "SCPS",  "QNX",   "A/N",	"IPcmp", "SNP",
	"CpqPP", "IPXIP", "VRRP",  "PGM",   "0hop",  "L2TP",  "DDX",   "IATP",	"STP",	 "SRP",
	"UTI",	 "SMP",	  "SM",	   "PTP",   "ISIS4", "FIRE",  "CRTP",  "CRUDP", NULL,	 "IPLT",
	"SPS",	 "PIPE",  "SCTP",  "FC",    NULL,    "MHEAD", "UDP-L", "MPLS",
};

static const char *const nsel_events[] = {"IGNORE", "CREATE", "DELETE", "DENIED", "ALERT", "UPDATE"};
static const char *const nat_events[] = {"INVALID", "ADD", "DELETE"};

/* IANA: natEvent (230). */
static const char *const nat_texts[] = {
	"Reserved",
	"NAT translation create",
	"NAT translation delete",
	"NAT Addresses exhausted",
	"NAT44 session create",
	"NAT44 session delete",
	"NAT64 session create",
	"NAT64 session delete",
	"NAT44 BIB create",
	"NAT44 BIB delete",
	"NAT64 BIB create",
	"NAT64 BIB delete",
	"NAT ports exhausted",
	"Quota Exceeded",
	"Address binding create",
	"Address binding delete",
	"Port block allocation",
	"Port block de-allocation",
	"Threshold Reached",
};

/* IANA: flowEndReason (136). */
static const char *const end_reasons[] = {"",		   "idle timeout", "active timeout",
					  "end of Flow detected", "forced end",
					  "lack of resources"};

const char *protocol_name(uint8_t proto)
{
	return proto < COUNT(protocols) ? protocols[proto] : NULL;
}

const char *nsel_event_name(uint8_t event)
{
	return event < COUNT(nsel_events) ? nsel_events[event] : "UNKNOW";
}

const char *event_ext_name(uint64_t code)
{
	static const char *const words[] = {"I-ACL", "E-ACL", "Adv", "No SYN"};

	return code >= 1001 && code <= 1004 ? words[code - 1001] : NULL;
}

const char *nat_event_name(uint8_t event)
{
	return event < COUNT(nat_events) ? nat_events[event] : "UNKNOW";
}

const char *nat_event_text(uint8_t event)
{
	return event < COUNT(nat_texts) ? nat_texts[event] : "unknown";
}

const char *nsel_event_text(uint8_t event)
{
	return event < COUNT(nsel_events) ? nsel_events[event] : "unknown";
}

const char *end_reason_name(uint8_t reason)
{
	return reason < COUNT(end_reasons) ? end_reasons[reason] : "unknown";
}

const char *missing_reason(const char *name)
{
	static const char tls[] = "TLS handshakes are not decoded";
	static const struct {
		const char *name, *reason;
	} rows[] = {
		{"ja3", tls}, {"ja4", tls}, {"ja4s", tls}, {"sni", tls},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcasecmp(rows[i].name, name) == 0)
			return rows[i].reason;
	return NULL;
}
