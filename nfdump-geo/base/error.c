/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

const char *nfgeo_strerror(int code)
{
	switch ((enum nfgeo_err)code) {
	case NFGEO_OK:
		return "no error";
	case NFGEO_ENOMEM:
		return "out of memory";
	case NFGEO_EIO:
		return "input/output error";
	case NFGEO_ETRUNCATED:
		return "input is cut short";
	case NFGEO_ECORRUPT:
		return "input is damaged";
	case NFGEO_EVERSION:
		return "version not supported";
	case NFGEO_EINVAL:
		return "invalid value";
	case NFGEO_ENOTFOUND:
		return "not found";
	case NFGEO_ELIMIT:
		return "limit reached";
	case NFGEO_ENODB:
		return "no country database";
	}
	return "unknown error";
}

const char *nfgeo_version(void)
{
	return PACKAGE_VERSION;
}

int error_set(struct error *error, int code, const char *format, ...)
{
	if (error) {
		va_list args;

		error->code = code;
		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
	}
	return code;
}

int error_set_errno(struct error *error, const char *format, ...)
{
	int saved = errno;

	if (error) {
		va_list args;
		size_t used;

		error->code = NFGEO_EIO;
		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
		used = strlen(error->text);
		snprintf(error->text + used, sizeof(error->text) - used, ": %s", strerror(saved));
	}
	errno = saved;
	return NFGEO_EIO;
}
