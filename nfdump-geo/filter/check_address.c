/* SPDX-License-Identifier: BSD-3-Clause */
/* check_address.c - addresses, networks, lists of both, host names. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "filter/primitive.h"
#include "include/nfgeo.h"

/* What the operands come to, by family; a single prefix of a family is tested by a mask. */
struct operand {
	struct prefix *prefixes;
	size_t count, capacity;
	struct range4 *ranges4;
	struct range6 *ranges6;
	uint32_t count4, count6;
	struct prefix only4, only6; /* where the count is 1 */
};

enum { HOST_CHARS = 254 };

static bool add_prefix(struct subject *subject, struct operand *operand,
		       const struct prefix *prefix)
{
	if (operand->count == operand->capacity) {
		size_t capacity = operand->capacity ? operand->capacity * 2 : 4;
		struct prefix *larger =
			arena_alloc(subject->parse->arena, capacity * sizeof(*larger));

		if (!larger) {
			parse_error_memory(subject->parse);
			return false;
		}
		if (operand->count)
			memcpy(larger, operand->prefixes, operand->count * sizeof(*larger));
		operand->prefixes = larger;
		operand->capacity = capacity;
	}
	operand->prefixes[operand->count++] = *prefix;
	return true;
}

static bool copy_text(const struct token *token, char *text, size_t capacity)
{
	if (token->len == 0 || token->len >= capacity)
		return false;
	memcpy(text, token->text, token->len);
	text[token->len] = '\0';
	return true;
}

/* A name has a letter and no colon. */
static bool is_host_name(const char *text)
{
	bool letter = false;

	for (; *text; text++) {
		letter |= isalpha((unsigned char)*text) != 0;
		if (*text == ':')
			return false;
	}
	return letter;
}

static bool add_host(struct subject *subject, struct operand *operand, const struct token *token,
		     const char *name)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *all = NULL;
	bool ok = true;

	if (!(subject->row->takes & TAKES_H) || subject->parse->options->no_names) {
		parse_error(subject->parse, NFGEO_EINVAL, token, "Host names are not allowed here");
		return false;
	}
	if (strcasecmp(name, "tor") == 0) {
		parse_error(subject->parse, NFGEO_EINVAL, token,
			    "'ip tor' is not supported: there is no list of tor exits");
		return false;
	}
	if (getaddrinfo(name, NULL, &hints, &all) != 0) {
		parse_error(subject->parse, NFGEO_EINVAL, token, "Can't resolve host name");
		return false;
	}
	for (struct addrinfo *one = all; one && ok; one = one->ai_next) {
		struct prefix prefix = {address_from_sockaddr(one->ai_addr), 0};

		prefix.bits = prefix.address.family == AF_INET ? 32 : 128;
		if (prefix.address.family)
			ok = add_prefix(subject, operand, &prefix);
	}
	freeaddrinfo(all);
	return ok;
}

/* Parts of a dotted number; 0 = it is none. */
static unsigned dotted_parts(const char *text)
{
	unsigned parts = 1;

	for (const char *at = text; *at; at++) {
		if (*at == '.')
			parts++;
		else if (!isdigit((unsigned char)*at))
			return 0;
	}
	return parts;
}

static bool address_error(struct subject *subject, const struct token *token, const char *text)
{
	unsigned parts = dotted_parts(text);

	if (parts > 1 && parts < 4)
		parse_error(subject->parse, NFGEO_EINVAL, token, "Incomplete IP address");
	else
		parse_error(subject->parse, NFGEO_EINVAL, token, "Invalid IP address");
	return false;
}

/* Length of the prefix behind an address; all bits if there is none. */
static bool prefix_bits(struct subject *subject, const struct token *slash, struct prefix *prefix)
{
	uint64_t bits = prefix->address.family == AF_INET ? 32 : 128;
	uint64_t limit = bits;

	if (slash && slash->kind == TOKEN_BITS) {
		if (!token_number(slash, &bits) || bits > limit) {
			parse_error(subject->parse, NFGEO_EINVAL, slash,
				    "Prefix length must be 0..%u", (unsigned)limit);
			return false;
		}
	}
	prefix->bits = (uint8_t)bits;
	prefix->address = address_mask(prefix->address, prefix->bits);
	return true;
}

/* An item of a list or the one operand: address, prefix (in lists), host name. */
static bool add_item(struct subject *subject, struct operand *operand, const struct token *token)
{
	const struct token *slash = token->next;
	char text[HOST_CHARS];
	struct prefix prefix;

	if (token->kind != TOKEN_WORD && token->kind != TOKEN_STRING) {
		parse_error_syntax(subject->parse, token);
		return false;
	}
	if (!copy_text(token, text, sizeof(text))) {
		parse_error(subject->parse, NFGEO_EINVAL, token, "Invalid IP address");
		return false;
	}
	if (address_parse(text, &prefix.address) == NFGEO_OK)
		return prefix_bits(subject, slash, &prefix) &&
		       add_prefix(subject, operand, &prefix);
	if (!is_host_name(text))
		return address_error(subject, token, text);
	if (slash && slash->kind == TOKEN_BITS) {
		parse_error(subject->parse, NFGEO_EINVAL, token, "Host names are not allowed here");
		return false;
	}
	return add_host(subject, operand, token, text);
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *one = a, *two = b;
	int order = address_compare(&one->address, &two->address);

	return order ? order : (int)one->bits - (int)two->bits;
}

static bool inside(const struct prefix *outer, const struct prefix *inner)
{
	return outer->bits <= inner->bits && prefix_contains(outer, &inner->address);
}

/* Sort, and drop what lies in another prefix: prefixes either nest or are disjoint, and a sorted
 * one follows those that hold it. */
static void reduce(struct operand *operand)
{
	size_t used = 0;

	if (!operand->count)
		return;
	qsort(operand->prefixes, operand->count, sizeof(*operand->prefixes), compare_prefixes);
	for (size_t i = 0; i < operand->count; i++) {
		const struct prefix *prefix = &operand->prefixes[i];

		if (used && inside(&operand->prefixes[used - 1], prefix))
			continue;
		operand->prefixes[used++] = *prefix;
		if (prefix->address.family == AF_INET) {
			operand->only4 = *prefix;
			operand->count4++;
		} else {
			operand->only6 = *prefix;
			operand->count6++;
		}
	}
	operand->count = used;
}

static void mask_of(const struct prefix *prefix, uint64_t mask[2])
{
	struct address ones = prefix->address;

	ones.high = ~0ull;
	ones.low = prefix->address.family == AF_INET ? UINT32_MAX : ~0ull;
	ones = address_mask(ones, prefix->bits);
	mask[0] = prefix->address.family == AF_INET ? 0 : ones.high;
	mask[1] = ones.low;
}

static void put_range(struct operand *operand, const struct prefix *prefix, uint32_t *at4,
		      uint32_t *at6)
{
	const struct address *address = &prefix->address;
	uint64_t mask[2];

	mask_of(prefix, mask);
	if (address->family == AF_INET)
		operand->ranges4[(*at4)++] = (struct range4){
			(uint32_t)address->low, (uint32_t)(address->low | ~mask[1])};
	else
		operand->ranges6[(*at6)++] = (struct range6){
			{address->high, address->low},
			{address->high | ~mask[0], address->low | ~mask[1]}};
}

static bool build_ranges(struct subject *subject, struct operand *operand)
{
	struct arena *arena = subject->parse->arena;
	uint32_t at4 = 0, at6 = 0;

	reduce(operand);
	if (operand->count4 < 2 && operand->count6 < 2)
		return true;
	operand->ranges4 = arena_alloc(arena, (operand->count4 + 1) * sizeof(struct range4));
	operand->ranges6 = arena_alloc(arena, (operand->count6 + 1) * sizeof(struct range6));
	if (!operand->ranges4 || !operand->ranges6) {
		parse_error_memory(subject->parse);
		return false;
	}
	for (size_t i = 0; i < operand->count; i++)
		put_range(operand, &operand->prefixes[i], &at4, &at6);
	return true;
}

static struct node *make_net(struct subject *subject, enum field_id field, enum test_op op,
			     const struct prefix *prefix)
{
	struct node *node = check_test(subject, field, op);

	if (node) {
		mask_of(prefix, node->test->net_mask);
		node->test->net[0] = prefix->address.high;
		node->test->net[1] = prefix->address.low;
	}
	return node;
}

static struct node *make_address(struct subject *subject, enum field_id field)
{
	const struct operand *operand = subject->set;
	bool is_ip4 = field_table[field].type == FIELD_TYPE_IP4;
	uint32_t count = is_ip4 ? operand->count4 : operand->count6;
	struct node *node;

	if (count == 0)
		return NULL;
	if (count == 1)
		return make_net(subject, field, is_ip4 ? TEST_NET4 : TEST_NET6,
				is_ip4 ? &operand->only4 : &operand->only6);
	node = check_test(subject, field, is_ip4 ? TEST_RANGES4 : TEST_RANGES6);
	if (node && is_ip4)
		node->test->ranges4 = operand->ranges4;
	else if (node)
		node->test->ranges6 = operand->ranges6;
	if (node)
		node->test->count = count;
	return node;
}

static struct node *address_nodes(struct subject *subject, struct operand *operand)
{
	if (!build_ranges(subject, operand))
		return NULL;
	subject->set = operand;
	return check_sides(subject, make_address);
}

struct node *check_address(struct subject *subject)
{
	struct operand operand = {0};

	if (!check_shape(subject, 1))
		return NULL;
	for (const struct token *token = subject->value; token; token = token->next) {
		if (!add_item(subject, &operand, token))
			return NULL;
		if (token->next && token->next->kind == TOKEN_BITS)
			token = token->next;
	}
	return address_nodes(subject, &operand);
}

/* An IPv4 network may leave out octets that its prefix length does not reach: 10.0/16. */
static bool parse_network(const char *text, uint64_t bits, struct prefix *prefix)
{
	static const char *const missing[] = {"", "", ".0.0", ".0"};
	unsigned parts = dotted_parts(text);
	char full[HOST_CHARS + 8];

	if (address_parse(text, &prefix->address) == NFGEO_OK)
		return true;
	if (parts != 2 && parts != 3)
		return false;
	snprintf(full, sizeof(full), "%s%s", text, missing[parts]);
	return bits <= parts * 8 && address_parse(full, &prefix->address) == NFGEO_OK;
}

/* The dotted mask of an IPv4 network: ones, then zeros. */
static bool mask_bits(struct subject *subject, const struct token *token, struct prefix *prefix)
{
	struct address mask = {0};
	char text[ADDRESS_TEXT];
	uint32_t zeros;

	if (!copy_text(token, text, sizeof(text)) || prefix->address.family != AF_INET ||
	    address_parse(text, &mask) != NFGEO_OK || mask.family != AF_INET) {
		parse_error(subject->parse, NFGEO_EINVAL, token, "Invalid IPv4 network mask");
		return false;
	}
	zeros = ~(uint32_t)mask.low;
	if (zeros & (zeros + 1)) {
		parse_error(subject->parse, NFGEO_EINVAL, token,
			    "Network mask must be ones followed by zeros");
		return false;
	}
	prefix->bits = (uint8_t)(zeros ? __builtin_clz(zeros) : 32);
	prefix->address = address_mask(prefix->address, prefix->bits);
	return true;
}

struct node *check_net(struct subject *subject)
{
	const struct token *token = subject->value, *second = token ? token->next : NULL;
	struct operand operand = {0};
	struct prefix prefix = {0};
	char text[HOST_CHARS] = "";
	uint64_t bits = 0;

	if (!check_shape(subject, 2))
		return NULL;
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_STRING) {
		parse_error_syntax(subject->parse, token);
		return NULL;
	}
	if (!second) {
		parse_error_syntax(subject->parse, subject->phrase->after);
		return NULL;
	}
	if (second->kind == TOKEN_BITS)
		token_number(second, &bits);
	if (!copy_text(token, text, sizeof(text)) || !parse_network(text, bits, &prefix)) {
		address_error(subject, token, text);
		return NULL;
	}
	if (!(second->kind == TOKEN_BITS ? prefix_bits(subject, second, &prefix)
					 : mask_bits(subject, second, &prefix)) ||
	    !add_prefix(subject, &operand, &prefix))
		return NULL;
	return address_nodes(subject, &operand);
}
