#pragma once
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

// What Swift cannot import from hdf5.h (1.10.8 to 2.x): predefined types and property list classes
// are macros with a call in them, constants are macros with casts, and some functions are macros
// that name a different version of the function in each release.

// Predefined types: H5T_X is (H5open(), H5T_X_g).
static inline hid_t CHDF5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t CHDF5_uint16(void) { return H5T_STD_U16LE; }
static inline hid_t CHDF5_uint32(void) { return H5T_STD_U32LE; }
static inline hid_t CHDF5_uint64(void) { return H5T_STD_U64LE; }
static inline hid_t CHDF5_int8(void) { return H5T_STD_I8LE; }
static inline hid_t CHDF5_int16(void) { return H5T_STD_I16LE; }
static inline hid_t CHDF5_int32(void) { return H5T_STD_I32LE; }
static inline hid_t CHDF5_int64(void) { return H5T_STD_I64LE; }
static inline hid_t CHDF5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t CHDF5_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t CHDF5_string(void) { return H5T_C_S1; }

// H5T_VARIABLE is a cast of -1.
static inline size_t CHDF5_variable_length(void) { return H5T_VARIABLE; }

// Property list classes: H5P_X is (H5open(), H5P_CLS_X_ID_g).
static inline hid_t CHDF5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t CHDF5_file_creation(void) { return H5P_FILE_CREATE; }
static inline hid_t CHDF5_dataset_creation(void) { return H5P_DATASET_CREATE; }
static inline hid_t CHDF5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t CHDF5_link_creation(void) { return H5P_LINK_CREATE; }
static inline hid_t CHDF5_group_creation(void) { return H5P_GROUP_CREATE; }
static inline hid_t CHDF5_link_access(void) { return H5P_LINK_ACCESS; }

// Constants with casts or calls in them.
static inline hid_t CHDF5_default(void) { return H5P_DEFAULT; }
static inline hid_t CHDF5_error_default(void) { return H5E_DEFAULT; }
static inline hid_t CHDF5_all(void) { return H5S_ALL; }
static inline unsigned CHDF5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned CHDF5_exclusive(void) { return H5F_ACC_EXCL; }
static inline uint64_t CHDF5_undefined_address(void) { return (uint64_t)HADDR_UNDEF; }
static inline int CHDF5_filter_deflate(void) { return H5Z_FILTER_DEFLATE; }
static inline int CHDF5_filter_shuffle(void) { return H5Z_FILTER_SHUFFLE; }
static inline int CHDF5_filter_fletcher32(void) { return H5Z_FILTER_FLETCHER32; }

// haddr_t differs between releases in its C type, and so in its Swift type.
static inline uint64_t CHDF5_dataset_offset(hid_t dataset) { return (uint64_t)H5Dget_offset(dataset); }

// hbool_t is int, unsigned or bool, as the library was configured.
static inline herr_t CHDF5_set_file_locking(hid_t access, bool locks, bool ignores_missing) {
  return H5Pset_file_locking(access, locks, ignores_missing);
}

// Without times in the object headers the same images give the same bytes.
static inline herr_t CHDF5_omit_times(hid_t creation) { return H5Pset_obj_track_times(creation, false); }

// H5Lget_info and H5Literate are functions in 1.10 and macros for one of two versions since 1.12.

// The kind of link of a name: an H5L_type_t, or -1 on failure.
static inline int CHDF5_link_type(hid_t group, const char *name, hid_t access) {
#if H5_VERSION_GE(1, 12, 0)
  H5L_info2_t info;
  return H5Lget_info2(group, name, &info, access) < 0 ? -1 : (int)info.type;
#else
  H5L_info_t info;
  return H5Lget_info(group, name, &info, access) < 0 ? -1 : (int)info.type;
#endif
}

typedef herr_t (*CHDF5_link_visitor)(const char *name, int type, void *context);

struct CHDF5_link_visit {
  CHDF5_link_visitor visitor;
  void *context;
};

#if H5_VERSION_GE(1, 12, 0)
static herr_t CHDF5_visit_link(hid_t group, const char *name, const H5L_info2_t *info, void *data) {
#else
static herr_t CHDF5_visit_link(hid_t group, const char *name, const H5L_info_t *info, void *data) {
#endif
  (void)group;
  struct CHDF5_link_visit *visit = (struct CHDF5_link_visit *)data;
  return visit->visitor(name, (int)info->type, visit->context);
}

// Visits the links of a group by rising name.
static inline herr_t CHDF5_for_each_link(hid_t group, CHDF5_link_visitor visitor, void *context) {
  struct CHDF5_link_visit visit = {visitor, context};
#if H5_VERSION_GE(1, 12, 0)
  return H5Literate2(group, H5_INDEX_NAME, H5_ITER_INC, NULL, CHDF5_visit_link, &visit);
#else
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, CHDF5_visit_link, &visit);
#endif
}

// Visits the links of a group in the order in which they were made, which the group must track.
static inline herr_t CHDF5_for_each_link_by_creation(hid_t group, CHDF5_link_visitor visitor, void *context) {
  struct CHDF5_link_visit visit = {visitor, context};
#if H5_VERSION_GE(1, 12, 0)
  return H5Literate2(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, CHDF5_visit_link, &visit);
#else
  return H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, CHDF5_visit_link, &visit);
#endif
}

static inline unsigned CHDF5_tracks_creation(void) { return H5P_CRT_ORDER_TRACKED; }

// The file and the object that an external link leads to, each ended by a zero, in `size` bytes; -1 on failure.
static inline int CHDF5_link_target(hid_t group, const char *name, char *buffer, size_t size, hid_t access,
                                    const char **file, const char **object) {
  if (H5Lget_val(group, name, buffer, size, access) < 0) return -1;
  return H5Lunpack_elink_val(buffer, size, NULL, file, object) < 0 ? -1 : 0;
}

// H5Pset_elink_cb's callback: refuses to follow any external link.
static herr_t CHDF5_refuse_external(const char *file, const char *path, const char *child_file,
                                    const char *child_path, unsigned *flags, hid_t access,
                                    void *context) {
  (void)file, (void)path, (void)child_file, (void)child_path, (void)flags, (void)access, (void)context;
  return -1;
}

static inline herr_t CHDF5_refuse_external_links(hid_t link_access) {
  return H5Pset_elink_cb(link_access, CHDF5_refuse_external, NULL);
}

// Where an object's header is, counted from the superblock; undefined since 1.14, whose
// H5Dchunk_iter leaves no need for it (H5Oget_info there gives a token instead). Only the basic fields are
// asked for: the other fields make the library walk the whole index of chunks.
static inline uint64_t CHDF5_header_address(hid_t object) {
#if H5_VERSION_GE(1, 14, 0)
  (void)object;
  return (uint64_t)HADDR_UNDEF;
#elif H5_VERSION_GE(1, 12, 0)
  H5O_info1_t info;
  return H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0 ? (uint64_t)HADDR_UNDEF : (uint64_t)info.addr;
#else
  H5O_info_t info;
  return H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0 ? (uint64_t)HADDR_UNDEF : (uint64_t)info.addr;
#endif
}

// How many hard links an object has, or -1 on failure.
static inline int64_t CHDF5_link_count(hid_t object) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  return H5Oget_info3(object, &info, H5O_INFO_BASIC) < 0 ? -1 : (int64_t)info.rc;
#else
  H5O_info_t info;
  return H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0 ? -1 : (int64_t)info.rc;
#endif
}

// Whether two identifiers are of one object of a file.
static inline bool CHDF5_is_same_object(hid_t object, hid_t other) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info, other_info;
  int order = 1;
  return H5Oget_info3(object, &info, H5O_INFO_BASIC) >= 0 &&
         H5Oget_info3(other, &other_info, H5O_INFO_BASIC) >= 0 &&
         H5Otoken_cmp(object, &info.token, &other_info.token, &order) >= 0 && order == 0;
#else
  H5O_info_t info, other_info;
  return H5Oget_info2(object, &info, H5O_INFO_BASIC) >= 0 &&
         H5Oget_info2(other, &other_info, H5O_INFO_BASIC) >= 0 && info.addr == other_info.addr;
#endif
}

typedef int (*CHDF5_chunk_visitor)(const hsize_t *origin, uint64_t address, uint64_t size,
                                   uint32_t filter_mask, void *context);

#if H5_VERSION_GE(1, 14, 0)
struct CHDF5_chunk_visit {
  CHDF5_chunk_visitor visitor;
  void *context;
};

static int CHDF5_visit_chunk(const hsize_t *origin, unsigned filter_mask, haddr_t address, hsize_t size,
                             void *data) {
  struct CHDF5_chunk_visit *visit = (struct CHDF5_chunk_visit *)data;
  return visit->visitor(origin, (uint64_t)address, (uint64_t)size, (uint32_t)filter_mask, visit->context);
}
#endif

// Whether CHDF5_for_each_chunk takes time in proportion to the chunks: H5Dchunk_iter came with 1.14;
// H5Dget_chunk_info walks from the first chunk in each call.
static inline bool CHDF5_iterates_chunks(void) { return H5_VERSION_GE(1, 14, 0); }

// Visits the chunks that are there, in no order; the visitor stops the visit by a value other than 0.
static inline herr_t CHDF5_for_each_chunk(hid_t dataset, CHDF5_chunk_visitor visitor, void *context) {
#if H5_VERSION_GE(1, 14, 0)
  struct CHDF5_chunk_visit visit = {visitor, context};
  return H5Dchunk_iter(dataset, H5P_DEFAULT, CHDF5_visit_chunk, &visit);
#else
  hid_t space = H5Dget_space(dataset);
  hsize_t count = 0;
  herr_t status = space < 0 ? -1 : H5Dget_num_chunks(dataset, space, &count);
  for (hsize_t i = 0; status >= 0 && i < count; i++) {
    hsize_t origin[H5S_MAX_RANK + 1], size;
    unsigned mask;
    haddr_t address;
    status = H5Dget_chunk_info(dataset, space, i, origin, &mask, &address, &size);
    if (status >= 0 && visitor(origin, (uint64_t)address, (uint64_t)size, mask, context) != 0) break;
  }
  if (space >= 0) H5Sclose(space);
  return status;
#endif
}
