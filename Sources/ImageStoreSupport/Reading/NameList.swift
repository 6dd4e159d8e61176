/// Names in one block of bytes, which takes no allocation per name.
package struct NameList: RandomAccessCollection, Sendable {
  private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []

  package init() {}

  package init(_ names: some Sequence<String>) {
    for name in names {
      bytes.append(contentsOf: name.utf8)
      ends.append(bytes.count)
    }
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { ends.count }

  package subscript(position: Int) -> ArraySlice<UInt8> { bytes[range(position)] }

  /// Where the bytes of a name are.
  func range(_ position: Int) -> Range<Int> { (position == 0 ? 0 : ends[position - 1])..<ends[position] }

  // Each kind has a function of its own: a generic one would not be specialised across modules, and
  // a folder can have a million names.

  package mutating func append(_ name: [UInt8]) {
    bytes.append(contentsOf: name)
    ends.append(bytes.count)
  }

  package mutating func append(_ name: ArraySlice<UInt8>) {
    bytes.append(contentsOf: name)
    ends.append(bytes.count)
  }

  package mutating func append(_ name: UnsafeRawBufferPointer) {
    unsafe bytes.append(contentsOf: name)
    ends.append(bytes.count)
  }
}
