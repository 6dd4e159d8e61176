#if ObjectStorage
internal import ImageStoreCore

/// Where a bucket is, and the URLs of its objects.
struct S3Address: Sendable {
  let bucket: String
  let region: String
  private let scheme: String
  private let host: String
  /// The endpoint's own path, and the bucket's name if it is in the path: escaped, without a slash
  /// at its end.
  private let root: String

  /// - Parameters:
  ///   - endpoint: the server's URL; nil for AWS's.
  ///   - style: `path`, `virtual` or `auto`: the bucket's name is in the path for servers other
  ///     than AWS, and otherwise in the host's name, unless it has dots, which certificates do not
  ///     cover.
  init(bucket: String, region: String, endpoint: String?, style: String?) throws(StoreError) {
    let isName = bucket.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard isName, (1...255).contains(bucket.utf8.count), bucket != ".", bucket != ".." else {
      throw StoreError(
        .invalidArgument, "\"\(bucket)\" is not the name of a bucket", remedy: "write s3://BUCKET/PREFIX")
    }
    let isRegion = region.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
    guard isRegion, !region.isEmpty else {
      throw StoreError(
        .invalidArgument, "\"\(region)\" is not the name of a region", remedy: "check AWS_REGION")
    }
    guard var parts = URLParts(endpoint ?? "https://s3.\(region).amazonaws.com"), parts.query.isEmpty else {
      throw StoreError(
        .invalidArgument, "the endpoint must be an http or https URL without a password and a query",
        remedy: "check AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and endpoint_url")
    }
    while parts.path.hasSuffix("/") { parts.path.removeLast() }
    let isOfAWS = parts.name.hasSuffix(".amazonaws.com") || parts.name.hasSuffix(".amazonaws.com.cn")
    let isInPath =
      switch style {
      case "path": true
      case "virtual": false
      case nil, "auto": !isOfAWS || bucket.contains(".")
      default:
        throw StoreError(
          .invalidArgument, "the profile has an unknown addressing_style, \(style!)",
          remedy: "use path, virtual or auto")
      }
    self.bucket = bucket
    self.region = region
    scheme = parts.scheme
    // A default port is not in the signed header.
    let usual = scheme == "https" ? ":443" : ":80"
    let server = parts.host.hasSuffix(usual) ? String(parts.host.dropLast(usual.count)) : parts.host
    host = isInPath ? server : "\(bucket).\(server)"
    root = isInPath ? "\(parts.path)/\(bucket)" : parts.path
  }

  /// The URL of an object, or of the bucket if the key is empty.
  func url(_ key: String, _ query: [(name: String, value: String)] = []) -> String {
    let path = key.isEmpty && !root.isEmpty ? root : "\(root)/\(URLEscaping.escaped(key, keepsSlashes: true))"
    let query = URLEscaping.query(query)
    return "\(scheme)://\(host)\(path)\(query.isEmpty ? "" : "?\(query)")"
  }
}
#endif
