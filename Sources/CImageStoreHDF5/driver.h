#pragma once
#include <errno.h>
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A virtual file driver of libhdf5 (HDF5 File Format and Virtual File Layer documents of the HDF
// Group) that reads from an open descriptor. The library's own drivers open a file by its name. By
// then the name may lead to another file, to no file, or to a pipe that they would wait for.

typedef struct {
  H5FD_t base; // must come first: the library's part
  int descriptor;
  haddr_t end_of_addresses;
  haddr_t end_of_file;
} CHDF5_descriptor_file;

static H5FD_t *CHDF5_descriptor_open(const char *name, unsigned flags, hid_t access, haddr_t most) {
  (void)name, (void)most;
  const int *descriptor = (const int *)H5Pget_driver_info(access);
  struct stat status;
  if (descriptor == NULL || (flags & (H5F_ACC_RDWR | H5F_ACC_CREAT)) != 0) return NULL;
  if (fstat(*descriptor, &status) != 0 || status.st_size < 0) return NULL;
  CHDF5_descriptor_file *file = (CHDF5_descriptor_file *)calloc(1, sizeof *file);
  if (file == NULL) return NULL;
  file->descriptor = *descriptor;
  file->end_of_file = (haddr_t)status.st_size;
  return &file->base;
}

// The descriptor stays open: it is the caller's.
static herr_t CHDF5_descriptor_close(H5FD_t *base) {
  free(base);
  return 0;
}

static herr_t CHDF5_descriptor_query(const H5FD_t *base, unsigned long *flags) {
  (void)base;
  if (flags != NULL) *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE;
  return 0;
}

static haddr_t CHDF5_descriptor_get_eoa(const H5FD_t *base, H5FD_mem_t type) {
  (void)type;
  return ((const CHDF5_descriptor_file *)base)->end_of_addresses;
}

static herr_t CHDF5_descriptor_set_eoa(H5FD_t *base, H5FD_mem_t type, haddr_t address) {
  (void)type;
  ((CHDF5_descriptor_file *)base)->end_of_addresses = address;
  return 0;
}

static haddr_t CHDF5_descriptor_get_eof(const H5FD_t *base, H5FD_mem_t type) {
  (void)type;
  return ((const CHDF5_descriptor_file *)base)->end_of_file;
}

// Bytes beyond the end of the file are zeros, as with the library's own drivers.
static herr_t CHDF5_descriptor_read(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address,
                                    size_t size, void *buffer) {
  (void)type, (void)transfer;
  int descriptor = ((const CHDF5_descriptor_file *)base)->descriptor;
  if (address > INT64_MAX || size > INT64_MAX - address) return -1;
  while (size > 0) {
    // Linux and Darwin read less than 2 GiB at once.
    size_t part = size < ((size_t)1 << 30) ? size : (size_t)1 << 30;
    ssize_t count = pread(descriptor, buffer, part, (off_t)address);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) {
      memset(buffer, 0, size);
      return 0;
    }
    buffer = (char *)buffer + count;
    address += (haddr_t)count;
    size -= (size_t)count;
  }
  return 0;
}

static herr_t CHDF5_descriptor_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address,
                                     size_t size, const void *buffer) {
  (void)base, (void)type, (void)transfer, (void)address, (void)size, (void)buffer;
  return -1;
}

// Makes the library read the files of an access list from a descriptor, regardless of the name that
// is given. The list must be closed after them: it keeps the driver.
static inline herr_t CHDF5_set_descriptor(hid_t access, int descriptor) {
  // Fields that a release does not have, or has in addition, are zero.
  static const H5FD_class_t driver = {
#ifdef H5FD_CLASS_VERSION
      .version = H5FD_CLASS_VERSION,
      // The range that the HDF Group leaves to drivers that it has not registered.
      .value = (H5FD_class_value_t)300,
#endif
      .name = "descriptor",
      .maxaddr = INT64_MAX,
      .fc_degree = H5F_CLOSE_STRONG,
      .fapl_size = sizeof(int),
      .open = CHDF5_descriptor_open,
      .close = CHDF5_descriptor_close,
      .query = CHDF5_descriptor_query,
      .get_eoa = CHDF5_descriptor_get_eoa,
      .set_eoa = CHDF5_descriptor_set_eoa,
      .get_eof = CHDF5_descriptor_get_eof,
      .read = CHDF5_descriptor_read,
      .write = CHDF5_descriptor_write,
      .fl_map = H5FD_FLMAP_DICHOTOMY,
  };
  hid_t identifier = H5FDregister(&driver);
  if (identifier < 0) return -1;
  herr_t status = H5Pset_driver(access, identifier, &descriptor);
  return H5FDunregister(identifier) < 0 ? -1 : status;
}
