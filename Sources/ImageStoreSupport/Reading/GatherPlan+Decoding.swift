package import ImageStoreCore

extension GatherPlan {
  /// Decodes each image, or the region of it that is asked for, to its slot. All stores of encoded
  /// images use this loop.
  ///
  /// - Parameters:
  ///   - decoders: decoders, each for one thread at a time.
  ///   - minimum: the number of images that is worth another thread.
  ///   - memory: the memory of all slots.
  ///   - body: decodes one image; it is called from several threads, and writes only to the slot.
  /// - Throws: what `body` throws for the first image that fails, for any number of threads.
  package func decode<Decoder>(
    by decoders: IdlePool<Decoder>, threads: Int, minimum: Int = 4,
    into memory: UnsafeMutableRawBufferPointer,
    _ body: (
      _ decoder: Decoder, _ index: Int, _ request: DecodeRequest, _ slot: UnsafeMutableRawBufferPointer
    ) throws(StoreError) -> Void
  ) throws(StoreError) {
    try Workers.performRuns(of: count, minimum: minimum, threads: threads) { (run) throws(StoreError) in
      try decoders.withObject { (decoder) throws(StoreError) in
        for position in run {
          let request = DecodeRequest(format: format(at: position), region: crop(at: position))
          try unsafe body(decoder, indices[position], request, slot(of: position, in: memory))
        }
      }
    }
  }
}
