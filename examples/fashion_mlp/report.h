/* What is shown after testing. */
#ifndef FASHION_REPORT_H
#define FASHION_REPORT_H

#include "images.h"

void print_confusion(const images *set, const uint8_t predicted[], const char *dir);
/* Ten images as letters, with what they are and what was predicted. */
void print_images(const images *set, const uint8_t predicted[], const char *dir);

#endif
