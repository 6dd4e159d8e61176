import Foundation
import ImageStoreCatalog
import ImageStoreCore

/// Files as other programs write them: MNIST's, and an array of numpy with its channels first.
func writeFilesOfOthers() throws {
  func idx(_ shape: [Int], _ data: [UInt8]) -> Data {
    var bytes: [UInt8] = [0, 0, 8, UInt8(shape.count)]
    for extent in shape { bytes += [0, 0, UInt8(extent >> 8), UInt8(extent & 255)] }
    return Data(bytes + data)
  }
  func npy(_ shape: String, _ data: [UInt8]) -> Data {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(shape)), }"
    let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    return Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8) + data)
  }
  let digits = (0..<6 * 28 * 28).map { UInt8(truncatingIfNeeded: $0) }
  try idx([6, 28, 28], digits).write(to: URL(filePath: "train-images-idx3-ubyte"))
  try idx([6], [5, 0, 4, 1, 9, 2]).write(to: URL(filePath: "train-labels-idx1-ubyte"))
  let photographs = (0..<4 * 3 * 8 * 10).map { UInt8(truncatingIfNeeded: $0) }
  try npy("4, 3, 8, 10", photographs).write(to: URL(filePath: "X_train.npy"))
  try npy("4,", [1, 0, 0, 2]).write(to: URL(filePath: "y_train.npy"))
}

func readingWhatOthersWrote() throws {
  try writeFilesOfOthers()

  let digits = try StoreCatalog.open(at: "train-images-idx3-ubyte")
  for note in digits.notes { print(note.kind.rawValue, note.text) }

  var channelsFirst = StoreDescription()
  channelsFirst.dimensions = "NCHW"
  channelsFirst.labels = .file("y_train.npy")
  let train = try StoreCatalog.open(at: "X_train.npy", channelsFirst)

  try StoreCatalog.write(train, to: "train.h5")
  let again = try StoreCatalog.open(at: "train.h5")

  let faults = try train.findFaults()
  for fault in faults.faults { print(fault.index, fault.error) }
  let whole = try train.subset(faults.intactIndices)

  precondition(faults.isEmpty && whole.count == 4)
  precondition(digits.count == 6 && !digits.notes.isEmpty)
  precondition(train.format == ImageFormat(height: 8, width: 10, channels: 3))
  let same = try again.pixels(at: 3) == train.pixels(at: 3)
  let labels = try again.labels()
  precondition(same && labels == [1, 0, 0, 2])
}
