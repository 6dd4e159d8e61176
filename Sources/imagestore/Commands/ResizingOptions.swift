internal import ArgumentParser
internal import ImageStoreCore

/// What the user says of the size and the channels that images are to have.
struct ResizingOptions: ParsableArguments {
  /// One number, or height and width.
  enum Size: ExpressibleByArgument {
    case side(Int)
    case both(height: Int, width: Int)

    init?(argument: String) {
      let parts = argument.split(separator: "x", omittingEmptySubsequences: false)
      let sizes = parts.compactMap { Int($0) }
      guard sizes.count == parts.count, (1...2).contains(sizes.count), sizes.allSatisfy({ $0 > 0 }) else {
        return nil
      }
      self = sizes.count == 1 ? .side(sizes[0]) : .both(height: sizes[0], width: sizes[1])
    }
  }

  enum Fit: String, ExpressibleByArgument, CaseIterable {
    case shorter, crop, pad, stretch
  }

  @Option(
    help: ArgumentHelp(
      "Resize images: N for the shorter side or a square, or height and width, such as 256 or 224x320.",
      valueName: "N|HxW"))
  var size: Size?

  @Option(
    help: ArgumentHelp(
      "shorter: the shorter side becomes N, as if nothing is said beside N. crop: cover the size and cut out the middle. pad: fit into the size, zeros around. stretch: whatever that does to proportions.",
      valueName: "shorter|crop|pad|stretch"))
  var fit: Fit?

  @Option(
    help: ArgumentHelp(
      "How pixels are made: nearest for masks, bilinear unless stated, or bicubic.",
      valueName: "nearest|bilinear|bicubic"))
  var filter: ResizeFilter?

  @Option(help: ArgumentHelp("Convert images to gray (1) or red, green and blue (3).", valueName: "1|3"))
  var channels: Int?

  func validate() throws {
    if let channels, channels != 1, channels != 3 { throw ValidationError("--channels takes 1 or 3.") }
    guard let size else {
      if fit != nil { throw ValidationError("--fit needs --size.") }
      if filter != nil { throw ValidationError("--filter needs --size.") }
      return
    }
    guard case .both = size else { return }
    if fit == nil { throw ValidationError("With a height and a width, give --fit crop, pad or stretch.") }
    if fit == .shorter { throw ValidationError("--fit shorter takes one number for --size.") }
  }

  /// How images come to their size, if anything is said of it.
  var resizing: Resizing? {
    switch size {
    case nil: nil
    case .side(let side): Self.resizing(fit ?? .shorter, side, side)
    case .both(let height, let width): Self.resizing(fit ?? .stretch, height, width)
    }
  }

  private static func resizing(_ fit: Fit, _ height: Int, _ width: Int) -> Resizing {
    switch fit {
    case .shorter: .shorterSide(height)
    case .crop: .fill(height: height, width: width)
    case .pad: .fit(height: height, width: width)
    case .stretch: .stretch(height: height, width: width)
    }
  }

  /// Whether any image has alpha. One that cannot be looked at is an error of its read.
  private static func hasAlpha(_ store: any ImageStore) -> Bool {
    func hasAlpha(_ format: ImageFormat?) -> Bool { format?.channels == 2 || format?.channels == 4 }
    if let format = store.format { return hasAlpha(format) }
    for index in 0..<store.count where hasAlpha(try? store.format(at: index)) { return true }
    return false
  }

  /// A store with the channels and the size that were asked for, and what was decided that nobody said.
  func applied(to store: any ImageStore) throws(StoreError) -> (store: any ImageStore, decided: [String]) {
    var result = store
    var decided: [String] = []
    if let channels {
      if Self.hasAlpha(result) { decided.append("alpha is left out") }
      result = try result.converted(channels: channels)
    }
    guard let resizing else { return (result, decided) }
    var filter = filter
    if filter == nil, result.count > 0 {
      var format = result.format
      if format == nil { format = try result.format(at: 0) }
      if format?.elementType == .bool {
        filter = .nearest
        decided.append("masks are resized with --filter nearest")
      }
    }
    result = try result.resized(resizing, filter: filter ?? .bilinear)
    return (result, decided)
  }
}
