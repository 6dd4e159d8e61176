import ImageStoreCodecs
import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension ImageChoice {
  /// Entries that are encoded images, in the order of the numbers in their names if they have some;
  /// nil if there are none.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for folders that may be splits, or hold something else.
  func encodedEntries() throws(StoreError) -> (found: [ZipDirectory.Named], classes: ([Int], [String])?)? {
    var found = archive.directory.named.filter {
      ImageCodecs.areName($0.name.utf8) && !ArchiveArray.isHidden($0.name)
    }
    guard !found.isEmpty else { return nil }
    let folders = found.map { named in
      named.name.lastIndex(of: "/").map { String(named.name[..<$0]) } ?? ""
    }
    let different = Set(folders)
    guard different.count > 1 else {
      if let order = NumberedNames.order(of: NameList(found.map(\.name))) {
        found = order.map { found[$0] }
      }
      return (found, nil)
    }
    let depths = Set(folders.map { $0.split(separator: "/").count })
    let areSplits = different.contains { folder in
      folder.split(separator: "/").contains { ArrayNames.split(named: $0) != nil }
    }
    let names = different.map { $0.split(separator: "/").last.map(String.init) ?? "" }
    guard depths.count == 1, !areSplits, Set(names).count == different.count else {
      throw StoreError(
        .unsupported,
        "the archive has pictures in the folders \(different.sorted().prefix(4).joined(separator: ", ")), which may be classes or splits",
        remedy: "unpack it by 'unzip FILE -d FOLDER', and give the folder", path: archive.path)
    }
    let classNames = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let numbers = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, $0) })
    var ranks: [String: Int] = [:]
    for (rank, name) in NumberedNames.sorted(found.map(\.name)).enumerated() { ranks[name] = rank }
    var entries: [(label: Int, rank: Int, entry: ZipDirectory.Named)] = zip(found, folders).map {
      (numbers[$1.split(separator: "/").last.map(String.init) ?? ""]!, ranks[$0.name] ?? 0, $0)
    }
    entries.sort { ($0.label, $0.rank) < ($1.label, $1.rank) }
    return (entries.map(\.entry), (entries.map(\.label), classNames))
  }

  /// The images that follow one another in an array of bytes, by an array of offsets or lengths
  /// next to it; nil if there is none.
  func flatImages(in array: ArchiveArray, _ header: NPYHeader) -> (
    places: [EncodedEntries.Place], key: String
  )? {
    guard header.shape.count == 1, header.type == NPYType(.uint8),
      description.options.isSubset(of: ImageCodecs.options.union([.images, .labels]))
    else { return nil }
    let own = array.key.split(separator: "/").dropLast()
    for other in arrays where other.key != array.key && FlatBytes.isTelling(other.key) {
      guard other.key.split(separator: "/").dropLast() == own, let beside = other.header,
        beside.shape.count == 1, beside.type.isInteger,
        // Values that cannot be read are ignored.
        case .int64(let values)? = try? archive.values(of: other),
        let ranges = FlatBytes.ranges(values, byteCount: header.elementCount)
      else { continue }
      let places = ranges.map { range in
        EncodedEntries.Place(
          entry: array.entry, name: array.name,
          range: header.dataOffset + range.lowerBound..<header.dataOffset + range.upperBound)
      }
      return (places, other.key)
    }
    return nil
  }

  /// The meaning of an array of bytes by the arrays next to it, if the caller does not describe it
  /// and they say that it is packed bits.
  func statedMasks(
    _ array: ArchiveArray
  ) -> (description: StoreDescription, source: String, keys: Set<String>)? {
    guard description.options.isSubset(of: [.images, .labels]), let header = array.header,
      header.type.kind == .unsignedInteger, !header.isFortranOrder, arrays.count <= 64
    else { return nil }
    var masks = StatedMasks()
    var keys: Set<String> = []
    let own = array.key.split(separator: "/").dropLast()
    for other in arrays where other.key != array.key && StatedMasks.isTelling(other.key) {
      guard other.key.split(separator: "/").dropLast() == own, let header = other.header,
        header.elementCount <= 4, header.shape.count <= 1,
        // Values that cannot be read are ignored.
        let values = try? archive.values(of: other)
      else { continue }
      switch values {
      case .int64(let numbers): masks.add(other.key, numbers.map { Int($0) })
      case .string(let texts) where texts.count == 1: masks.add(other.key, texts[0])
      default: continue
      }
      keys.insert(other.key)
    }
    guard
      let found = masks.description(ofArray: header.shape, itemByteCount: header.type.byteCount)
    else { return nil }
    var said = description
    said.shape = found.description.shape
    said.axis = found.description.axis
    said.bitOrder = found.description.bitOrder
    return (said, found.source, keys)
  }
}
