internal import ImageStoreCore

// The map, and what was decoded when the file was opened, stay for as long as the store does.
extension HDF5Store: LocatingStore {}
