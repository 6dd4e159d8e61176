#include "interleave.h"
