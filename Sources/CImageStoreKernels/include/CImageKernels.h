// Kernels that need vector instructions Swift's portable SIMD types do not reach: each is in a
// header and a source file of its own, with a portable version behind a run-time choice.
#pragma once
#include "channels.h"
#include "copy.h"
#include "crc32.h"
#include "deflate_runs.h"
#include "deflate_small.h"
#include "inflate.h"
#include "interleave.h"
#include "png_filters.h"
#include "resample.h"
#include "sha256.h"
#include "bits.h"
#include "convert.h"
#include "permutation.h"
#include "turn.h"
