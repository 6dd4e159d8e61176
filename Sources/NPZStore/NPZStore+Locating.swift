internal import ImageStoreCore

// The map stays for as long as the store does.
extension NPZStore: LocatingStore {}
