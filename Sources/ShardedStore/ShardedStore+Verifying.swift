import ImageStoreCodecs
public import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension ShardedStore {
  public var checksumCoverage: ChecksumCoverage { .allImages }

  /// Checks every image, and every shard as a whole, because only Python reads the labels and
  /// columns inside it.
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyAnnotations()
    let step = 1024
    for shard in 0..<index.shardCount {
      try verify(shard: shard)
      let images = index.images(ofShard: shard)
      for start in stride(from: images.lowerBound, to: images.upperBound, by: step) {
        let end = min(start + step, images.upperBound)
        try verify(Array(start..<end).span)
        progress(end)
      }
    }
  }

  private func verify(shard: Int) throws(StoreError) {
    // For a remote data set, only the images are fetched and compared.
    guard case .mapped(let shards) = shards else { return }
    let stated = contents.manifest.shards[shard]
    let found = unsafe CRC32.checksum(of: shards.files[shard].bytes).hexadecimal
    guard found == stated.crc32 else {
      // A damaged image is reported first.
      try verify(Array(index.images(ofShard: shard)).span)
      throw StoreError(
        .corrupt, "the shard is damaged: its CRC-32 is \(found), not \(stated.crc32)",
        remedy: "copy it again, or write the data set again",
        path: "\(path)/\(ShardNames.object(ofShard: stated.name))")
    }
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    try check(indices)
    switch shards {
    case .mapped(let shards):
      try Workers.performRuns(of: indices.count, minimum: 8, threads: threads) { (run) throws(StoreError) in
        let verifier = isEncoded ? EncodedVerifier(ImageCodecs.all()) : nil
        for position in run {
          try unsafe verify(indices[position], verifier, stored(indices[position], in: shards))
        }
      }
    case .fetched(let shards):
      try unsafe shards.withBytes(of: indices) { (positions, bytes) throws(StoreError) in
        try Workers.performRuns(of: positions.count, minimum: 8, threads: threads) {
          (run) throws(StoreError) in
          let verifier = isEncoded ? EncodedVerifier(ImageCodecs.all()) : nil
          for offset in run {
            try unsafe verify(indices[positions.lowerBound + offset], verifier, bytes[offset])
          }
        }
      }
    }
  }

  private func verify(
    _ index: Int, _ verifier: EncodedVerifier?,
    _ stored: @autoclosure () throws(StoreError) -> UnsafeRawBufferPointer
  ) throws(StoreError) {
    do throws(StoreError) {
      try unsafe withRawSpan(of: stored()) { (bytes) throws(StoreError) in
        try verify(bytes, of: index, verifier)
      }
    } catch {
      throw named(error, index)
    }
  }

  private func verify(
    _ bytes: RawSpan, of index: Int, _ verifier: EncodedVerifier?
  ) throws(StoreError) {
    let kind = try self.index.kind(of: index)
    if let verifier { return try verifier.verify(bytes, kind, checksum: self.index.checksum(of: index)) }
    try check(bytes, of: index)
    let header = NPYHeader(kind.format).bytes
    let isHeader =
      unsafe bytes.byteCount == header.count + kind.format.byteCount
      && bytes.withUnsafeBytes { unsafe $0.prefix(header.count).elementsEqual(header) }
    guard isHeader else {
      throw StoreError(
        .corrupt, "the index says that it is an array of \(kind.format), but it is not",
        remedy: "write the data set again")
    }
  }

  /// Compares the bytes that are stored of an image with their checksum.
  func check(_ bytes: RawSpan, of index: Int) throws(StoreError) {
    let (found, stated) = (CRC32.checksum(of: bytes), self.index.checksum(of: index))
    guard found == stated else {
      throw StoreError(
        .corrupt, "the image is damaged: its CRC-32 is \(found.hexadecimal), not \(stated.hexadecimal)",
        remedy: "copy the shard again, or write the data set again")
    }
  }
}
