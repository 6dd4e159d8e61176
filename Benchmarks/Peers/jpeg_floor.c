// What libjpeg-turbo by itself takes to decode the JPEGs of a folder: the floor of our decoder, and of a folder as a store.
//
//   cc -O2 jpeg_floor.c $(pkg-config --cflags --libs libjpeg)
//   jpeg_floor FOLDER
//
// One line of standard input is one pass over all, answered by the processor's seconds and a sum of the pixels: `full` or `partial` of files
// in memory, `full files` or `partial files` with each read from the folder.
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <jpeglib.h>

typedef struct {
  unsigned char *bytes;
  size_t count;
  char *path;
} File;

static File *files;
static int file_count;

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void load(const char *folder) {
  char **names = NULL;
  DIR *directory = opendir(folder);
  if (!directory) exit(66);
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (!strstr(entry->d_name, ".jpg")) continue;
    names = realloc(names, (size_t)(file_count + 1) * sizeof *names);
    names[file_count++] = strdup(entry->d_name);
  }
  qsort(names, (size_t)file_count, sizeof *names, compare);
  files = calloc((size_t)file_count, sizeof *files);
  for (int i = 0; i < file_count; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    files[i].count = (size_t)ftell(file);
    rewind(file);
    files[i].bytes = malloc(files[i].count);
    if (fread(files[i].bytes, 1, files[i].count, file) != files[i].count) exit(66);
    fclose(file);
    files[i].path = strdup(path);
  }
}

// The regions that jpeg-decoding takes, too.
static uint64_t next(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33;
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  if (argc != 2) return 64;
  load(argv[1]);
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  unsigned char *memory = malloc(64 << 20);
  memset(memory, 0, 64 << 20);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    int is_partial = line[0] == 'p', reads = strstr(line, "files") != NULL;
    uint64_t sum = 0;
    double start = seconds();
    for (int i = 0; i < file_count; i++) {
      if (reads) {
        int file = open(files[i].path, O_RDONLY);
        if (file < 0 || read(file, files[i].bytes, files[i].count) != (ssize_t)files[i].count) return 66;
        close(file);
      }
      jpeg_mem_src(&info, files[i].bytes, files[i].count);
      jpeg_read_header(&info, TRUE);
      info.out_color_space = JCS_RGB;
      JDIMENSION width = info.image_width, height = info.image_height, row = 0, column = 0, rows = height, columns = width;
      if (is_partial) {
        uint64_t state = (uint64_t)i;
        columns = (JDIMENSION)(width * (40 + next(&state) % 55) / 100);
        rows = (JDIMENSION)(height * (40 + next(&state) % 55) / 100);
        column = (JDIMENSION)(next(&state) % (width - columns + 1));
        row = (JDIMENSION)(next(&state) % (height - rows + 1));
      }
      jpeg_start_decompress(&info);
      JDIMENSION first = column > 0 ? column - 1 : 0, end = column + columns < width ? column + columns + 1 : width;
      JDIMENSION across = end - first;
      if (columns < width) jpeg_crop_scanline(&info, &first, &across);
      if (row > 0) jpeg_skip_scanlines(&info, row);
      size_t stride = (size_t)info.output_width * 3;
      JDIMENSION done = 0;
      while (done < rows) {
        JSAMPROW lines[16];
        JDIMENSION count = rows - done < 16 ? rows - done : 16;
        for (JDIMENSION k = 0; k < count; k++) lines[k] = memory + (done + k) * stride;
        done += jpeg_read_scanlines(&info, lines, count);
      }
      if (row + rows == height) {
        jpeg_finish_decompress(&info);
      } else {
        jpeg_abort_decompress(&info);
      }
      size_t last = (rows - 1) * stride + (column - (columns < width ? first : 0) + columns - 1) * 3;
      sum += memory[(column - (columns < width ? first : 0)) * 3] + memory[last];
    }
    printf("%.6f %llu\n", seconds() - start, (unsigned long long)sum);
    fflush(stdout);
  }
}
