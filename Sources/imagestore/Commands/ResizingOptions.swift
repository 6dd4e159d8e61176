internal import ArgumentParser
internal import ImageStoreCore

/// The size and the channels that the user wants.
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
      "Resize images: N for the shorter side or a square (256), or height and width (224x320).",
      valueName: "N|HxW"))
  var size: Size?

  @Option(
    help: ArgumentHelp(
      "shorter: the shorter side becomes N (the default for one number). crop: cover the size and cut out the middle. pad: fit into the size, with zeros around. stretch: ignore the proportions.",
      valueName: "shorter|crop|pad|stretch"))
  var fit: Fit?

  @Option(
    help: ArgumentHelp(
      "How pixels are interpolated: nearest (the default for masks), bilinear (the default for other images) or bicubic.",
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

  /// How images are resized, if they are.
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

  /// Whether any image has alpha. An image that cannot be examined fails later, when it is read.
  private static func hasAlpha(_ store: any ImageStore) -> Bool {
    func hasAlpha(_ format: ImageFormat?) -> Bool { format?.channels == 2 || format?.channels == 4 }
    if let format = store.format { return hasAlpha(format) }
    for index in 0..<store.count where hasAlpha(try? store.format(at: index)) { return true }
    return false
  }

  /// A store with the channels and the size that were asked for, and the decisions that the user
  /// did not make.
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
