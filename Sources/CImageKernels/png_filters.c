#include "png_filters.h"
