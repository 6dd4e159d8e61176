package import ImageStoreCore

/// Reads pickles as data, protocols 0 to 5, of Python 2 and 3 and numpy 1 and 2.
///
/// A pickle is a program: CPython's reader imports the modules it names and calls the functions it
/// says. This one knows lists, tuples, dictionaries, numbers, strings and the forms in which numpy
/// spells arrays, and refuses everything else by the name of the opcode and its offset. Nothing is
/// ever executed, so pickles from strangers are safe to read.
///
/// Format: `pickletools.py` of CPython, PEP 307, PEP 3154, PEP 574; `__reduce__` of numpy's array, dtype
/// and scalar.
package enum Pickle {
  /// The value of a pickle that is all of `source`.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for pickles that contradict the format, including bytes
  ///   after the end; ``StoreError/Code/unsupported`` for anything other than data;
  ///   ``StoreError/Code/unrecognized`` if a byte is not an opcode;
  ///   ``StoreError/Code/limitExceeded``.
  package static func read(
    _ source: RawSpan, limits: PickleLimits = PickleLimits()
  ) throws(StoreError) -> PickleValue {
    try unsafe source.withUnsafeBytes { (bytes) throws(StoreError) -> PickleValue in
      guard let base = bytes.baseAddress, bytes.count > 0 else {
        throw StoreError(.corrupt, "the pickle is empty", remedy: "the file is cut short; get it again")
      }
      // The machine does not outlive this closure, within which the bytes are readable.
      var machine = unsafe PickleMachine(
        PickleCursor(base: base, count: bytes.count), limits: limits)
      let result = try machine.run()
      return try machine.value(of: result)
    }
  }
}
