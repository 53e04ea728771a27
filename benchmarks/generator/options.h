/* Arguments of the form name=value. */
#ifndef OPTIONS_H
#define OPTIONS_H
#include "client.h"

void options_set(int count, char **arguments);
/* The value of an option, or what it is without one. */
const char *option(const char *name, const char *otherwise);
double option_number(const char *name, double otherwise);
Target options_target(void);
/* The bytes of a file that an option names; null, and length 0, without the option. */
const uint8_t *option_file(const char *name, size_t *length);
/* Whether standard input has ended, or something was written there: whoever started this has heard enough. */
bool told_to_end(void);
#endif
