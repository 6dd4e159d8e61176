import Foundation
import ImageStoreCore

/// Resizing by the rule of Docs/Resizing.md, a sample at a time: the oracle of the kernels, which
/// it shares nothing with.
struct NaiveResize {
  var image: [UInt8]
  var format: ImageFormat
  var request: ResampleRequest

  /// The bytes of the window.
  func result() -> [UInt8] {
    let all = resized()
    let size = format.bytesPerPixel
    var bytes: [UInt8] = []
    for row in request.window.row..<request.window.row + request.window.height {
      for column in request.window.column..<request.window.column + request.window.width {
        if row < 0 || row >= request.height || column < 0 || column >= request.width {
          bytes += [UInt8](repeating: 0, count: size)
        } else {
          let start = (row * request.width + column) * size
          bytes += all[start..<start + size]
        }
      }
    }
    return bytes
  }

  /// All of the resized region.
  private func resized() -> [UInt8] {
    let region = request.region
    let size = format.bytesPerPixel
    var source: [UInt8] = []
    for row in region.row..<region.row + region.height {
      let start = (row * format.width + region.column) * size
      source += image[start..<start + region.width * size]
    }
    if request.height == region.height && request.width == region.width { return source }
    if request.filter == .nearest {
      let (rows, columns) = (
        Self.nearest(region.height, request.height), Self.nearest(region.width, request.width)
      )
      return rows.flatMap { row in
        columns.flatMap { source[(row * region.width + $0) * size..<(row * region.width + $0 + 1) * size] }
      }
    }
    let rows = Self.taps(region.height, request.height, request.filter)
    let columns = Self.taps(region.width, request.width, request.filter)
    return format.elementType == .uint8
      ? fixed(source, rows, columns) : averaged(source, rows, columns)
  }

  static func nearest(_ from: Int, _ to: Int) -> [Int] {
    let scale = Double(from) / Double(to)
    var place = scale * 0.5
    return (0..<to).map { _ in
      defer { place += scale }
      return min(Int(place), from - 1)
    }
  }

  struct Taps {
    var first: Int
    var weights: [Double]
  }

  static func taps(_ from: Int, _ to: Int, _ filter: ResizeFilter) -> [Taps] {
    if from == to { return (0..<to).map { Taps(first: $0, weights: [1]) } }
    let scale = Double(from) / Double(to)
    let filterScale = max(1, scale)
    let support = (filter == .bilinear ? 1 : 2) * filterScale
    return (0..<to).map { position in
      let center = (Double(position) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let end = min(from, Int(center + support + 0.5))
      var weights = (first..<end).map { sample in
        weight((Double(sample) - center + 0.5) * (1 / filterScale), filter)
      }
      let sum = weights.reduce(0, +)
      if sum != 0 { weights = weights.map { $0 / sum } }
      return Taps(first: first, weights: weights)
    }
  }

  private static func weight(_ place: Double, _ filter: ResizeFilter) -> Double {
    let x = abs(place)
    if filter == .bilinear { return x < 1 ? 1 - x : 0 }
    let a = -0.5
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
  }

  private func fixed(_ source: [UInt8], _ rows: [Taps], _ columns: [Taps]) -> [UInt8] {
    func weights(_ taps: Taps) -> [Int] {
      taps.weights.map { Int(($0 * Double(1 << 22) + ($0 < 0 ? -0.5 : 0.5)).rounded(.towardZero)) }
    }
    func sample(_ sum: Int) -> UInt8 { UInt8(max(0, min(255, (sum + 1 << 21) >> 22))) }
    let (channels, width) = (format.channels, request.region.width)
    var middle: [UInt8] = []
    for row in 0..<request.region.height {
      for taps in columns {
        let weights = weights(taps)
        for channel in 0..<channels {
          var sum = 0
          for (tap, weight) in weights.enumerated() {
            sum += Int(source[(row * width + taps.first + tap) * channels + channel]) * weight
          }
          middle.append(columns.count == width ? UInt8(sum >> 22) : sample(sum))
        }
      }
    }
    var result: [UInt8] = []
    for taps in rows {
      let weights = weights(taps)
      for place in 0..<columns.count * channels {
        var sum = 0
        for (tap, weight) in weights.enumerated() {
          sum += Int(middle[(taps.first + tap) * columns.count * channels + place]) * weight
        }
        result.append(sample(sum))
      }
    }
    return result
  }

  private func averaged(_ source: [UInt8], _ rows: [Taps], _ columns: [Taps]) -> [UInt8] {
    switch format.elementType {
    case .int8: averaged(source, rows, columns, Float.self, Float.init, Self.whole(below: 0x1p7) { Int8($0) })
    case .uint16:
      averaged(source, rows, columns, Float.self, Float.init, Self.whole(below: 0x1p16) { UInt16($0) })
    case .int16:
      averaged(source, rows, columns, Float.self, Float.init, Self.whole(below: 0x1p15) { Int16($0) })
    case .uint32:
      averaged(
        source, rows, columns, Double.self, { (sample: UInt32) in Double(sample) },
        Self.whole(below: 0x1p32) { UInt32($0) })
    case .int32:
      averaged(
        source, rows, columns, Double.self, { (sample: Int32) in Double(sample) },
        Self.whole(below: 0x1p31) { Int32($0) })
    case .uint64:
      averaged(
        source, rows, columns, Double.self, { (sample: UInt64) in Double(sample) },
        Self.whole(below: 0x1p64) { UInt64($0) })
    case .int64:
      averaged(
        source, rows, columns, Double.self, { (sample: Int64) in Double(sample) },
        Self.whole(below: 0x1p63) { Int64($0) })
    case .float16: averaged(source, rows, columns, Float.self, Float.init, Float16.init)
    case .float32: averaged(source, rows, columns, Float.self, { (sample: Float) in sample }, { $0 })
    case .float64: averaged(source, rows, columns, Double.self, { (sample: Double) in sample }, { $0 })
    case .bool, .uint8: []
    }
  }

  private static func whole<Sample: FixedWidthInteger, Sum: BinaryFloatingPoint>(
    below end: Sum, _ convert: @escaping (Sum) -> Sample
  ) -> (Sum) -> Sample {
    { sum in
      let rounded = sum.rounded(.toNearestOrAwayFromZero)
      if rounded >= end { return .max }
      return rounded <= (Sample.isSigned ? -end : 0) ? .min : convert(rounded)
    }
  }

  private func averaged<Sample: BitwiseCopyable, Sum: BinaryFloatingPoint>(
    _ source: [UInt8], _ rows: [Taps], _ columns: [Taps], _ type: Sum.Type, _ widen: (Sample) -> Sum,
    _ narrow: (Sum) -> Sample
  ) -> [UInt8] {
    let samples = unsafe source.withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<Sample>.size).map {
        unsafe widen(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Sample>.size, as: Sample.self))
      }
    }
    func sum(_ taps: Taps, _ sample: (Int) -> Sum) -> Sum {
      // Weights of 0 at either end take no part.
      let used = taps.weights.indices.filter { taps.weights[$0] != 0 }
      var sum: Sum?
      for tap in (used.first ?? 0)...(used.last ?? 0) {
        let product = sample(taps.first + tap) * Sum(taps.weights[tap])
        sum = sum.map { $0 + product } ?? product
      }
      return sum!
    }
    let (channels, width) = (format.channels, request.region.width)
    var middle: [Sum] = []
    for row in 0..<request.region.height {
      for taps in columns {
        for channel in 0..<channels {
          middle.append(sum(taps) { samples[(row * width + $0) * channels + channel] })
        }
      }
    }
    var result: [UInt8] = []
    for taps in rows {
      for place in 0..<columns.count * channels {
        let sample = narrow(sum(taps) { middle[$0 * columns.count * channels + place] })
        unsafe withUnsafeBytes(of: sample) { unsafe result += Array($0) }
      }
    }
    return result
  }
}
