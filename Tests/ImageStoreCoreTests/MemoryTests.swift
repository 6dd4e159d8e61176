import ImageStoreCore
import Synchronization
import Testing

@Suite struct MemoryTests {
  @Test func growingMemoryIsUsedAgain() throws {
    var memory = GrowingMemory(alignment: 4096)
    #expect(memory.byteCount == 0 && memory.span.byteCount == 0)
    try unsafe memory.write(10) { (bytes) throws(StoreError) in
      for index in 0..<10 { unsafe bytes[index] = UInt8(index) }
    }
    #expect([UInt8](copying: memory.span) == Array(0..<10))
    #expect(memory.capacity == 4096)
    #expect(unsafe UInt(bitPattern: memory.bytes.baseAddress) % 4096 == 0)
    let before = unsafe UInt(bitPattern: memory.bytes.baseAddress)
    try memory.fill(3) { (output) throws(StoreError) in
      for byte in 7...9 as ClosedRange<UInt8> { output.append(byte) }
    }
    #expect([UInt8](copying: memory.span) == [7, 8, 9])
    #expect(unsafe UInt(bitPattern: memory.bytes.baseAddress) == before)
    try unsafe memory.write(5000, slack: 1000) { (bytes) throws(StoreError) in
      #expect(bytes.count == 6000)
      unsafe bytes.initializeMemory(as: UInt8.self, repeating: 1)
    }
    #expect(memory.byteCount == 5000 && memory.capacity == 8192)
    try memory.fill(0) { (_) throws(StoreError) in }
    #expect(memory.span.byteCount == 0)
  }

  @Test func lessThanAnnouncedAndTooMuchAreErrors() {
    var memory = GrowingMemory()
    expectError(.corrupt) { try memory.fill(2) { (output) throws(StoreError) in output.append(1) } }
    #expect(memory.byteCount == 0)
    expectError(.limitExceeded) { try memory.reserve(.max) }
    expectError(.limitExceeded) { try unsafe memory.write(.max, slack: 9) { (_) throws(StoreError) in } }
    expectError(.limitExceeded) { try memory.reserve(1 << 60) }
  }

  @Test func atomicArraysBeginWithZeros() throws {
    let flags = try AtomicArray<UInt8>(count: 1000)
    #expect((0..<1000).allSatisfy { flags[$0] == 0 })
    flags[999] = 1
    #expect(flags[999] == 1 && flags[998] == 0)
    let words = try AtomicArray<Int>(count: 3)
    words[2] = .min
    #expect(words[2] == .min && words[1] == 0)
    unsafe words.elements[1].store(-1, ordering: .relaxed)
    #expect(words[1] == -1)
    #expect(try AtomicArray<UInt32>(count: 0).count == 0)
    expectError(.limitExceeded) { _ = try AtomicArray<Int>(count: 1 << 59) }
    expectError(.limitExceeded) { _ = try AtomicArray<Int>(count: -1) }
  }

  @Test func truthValuesBecomeZeroAndOne() {
    for count in 0..<40 {
      for seed in 0..<7 {
        var bytes = (0..<count).map { [0, 1, 2, 0x7F, 0x80, 0xFF, 0][($0 + seed) % 7] as UInt8 }
        let expected = bytes.map { $0 == 0 ? 0 : 1 as UInt8 }
        unsafe bytes.withUnsafeMutableBytes { unsafe TruthValues.normalize($0) }
        #expect(bytes == expected)
      }
    }
  }

  @Test func truthValuesAreFound() {
    for place in 0..<20 {
      var bytes = [UInt8](repeating: 1, count: 20)
      #expect(unsafe bytes.withUnsafeBytes { unsafe TruthValues.firstOther(in: $0) } == nil)
      bytes[place] = 0x80
      #expect(unsafe bytes.withUnsafeBytes { unsafe TruthValues.firstOther(in: $0) } == place)
    }
  }
}
