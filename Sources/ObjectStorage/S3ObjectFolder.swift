#if ObjectStorage
package import ImageStoreCore
package import ImageStoreSupport

/// A prefix of a bucket of any server with the S3 API.
package final class S3ObjectFolder: ObjectFolder {
  /// The most names that are listed.
  private static let greatestNameCount = 1_000_000
  /// The most pages of a listing, so that a server cannot continue for ever.
  private static let greatestPageCount = 20_000

  package let location: String
  let address: S3Address
  let objects: RemoteObjects
  /// Empty, or with a slash at its end.
  private let prefix: String

  /// - Parameters:
  ///   - location: `s3://BUCKET/PREFIX`; the prefix is not escaped.
  ///   - connections: how many requests may be in progress.
  ///   - environment: the environment in which credentials, region and endpoint are found, as AWS's
  ///     own tools find them.
  package init(_ location: String, connections: Int = 16, environment: [String: String]) throws(StoreError) {
    guard location.hasPrefix("s3://") else {
      throw StoreError(
        .invalidArgument, "this does not name a bucket: write s3://BUCKET/PREFIX", path: location)
    }
    let rest = location.dropFirst("s3://".count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    var folder = rest[slash...].drop { $0 == "/" }
    while folder.hasSuffix("/") { folder.removeLast() }
    let bucket = String(rest[..<slash])
    let path = folder.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(folder)"
    self.location = path
    prefix = folder.isEmpty ? "" : "\(folder)/"
    do throws(StoreError) {
      let settings = try AWSSettings(environment: environment)
      let address = try S3Address(
        bucket: bucket, region: settings.region ?? "us-east-1", endpoint: settings.endpoint(of: "S3"),
        style: settings.addressingStyle)
      self.address = address
      let authorizer = try CurrentAuthorizer(settings, region: address.region)
      let client = try HTTPClient { () throws(StoreError) in
        try HTTPTransport(
          connections: connections, authorizer: authorizer.forThisProcess(),
          certificates: settings.certificates)
      }
      let place = RemotePlace(
        location: path, remedy: { authorizer.remedy(for: $0, address) },
        redacting: { authorizer.redacting($0) })
      objects = RemoteObjects(place: place, client: client, followsRedirections: false)
    } catch {
      throw error.at(path: path)
    }
  }

  package var localPath: String? { nil }

  func key(of name: String) -> String { prefix + name }

  func url(_ name: String, _ query: [(name: String, value: String)] = []) -> String {
    address.url(key(of: name), query)
  }

  package func state(of name: String) throws(StoreError) -> ObjectState? {
    try objects.state(of: name, at: url(name))
  }

  package func contents(
    of name: String, limit: Int
  ) throws(StoreError) -> (bytes: [UInt8], state: ObjectState)? {
    try objects.contents(of: name, at: url(name), limit: limit)
  }

  package func fetch(
    _ range: Range<Int>, of name: String, expecting state: ObjectState?, into memory: PixelMemory,
    completion: @escaping @Sendable (StoreError?) -> Void
  ) {
    objects.fetch(range, of: name, at: url(name), expecting: state, into: memory, completion: completion)
  }

  package func names(startingWith start: String) throws(StoreError) -> [String] {
    var names: [String] = []
    var token: String?
    var pages = 0
    while true {
      pages += 1
      var query = [(name: "list-type", value: "2"), (name: "prefix", value: prefix + start)]
      if let token { query.append((name: "continuation-token", value: token)) }
      var request = HTTPRequest(.get, address.url("", query))
      request.sink = .bytes(limit: 16 << 20)
      let page = try page(objects.success(request, for: nil), "ListBucketResult")
      for object in page.children where object.name == "Contents" {
        guard let key = object["Key"], key.hasPrefix(prefix) else { continue }
        names.append(String(key.dropFirst(prefix.count)))
      }
      guard names.count <= Self.greatestNameCount, pages <= Self.greatestPageCount else {
        throw StoreError(
          .limitExceeded,
          "the folder has more than \(Self.greatestNameCount) objects, or the server lists it in more than \(Self.greatestPageCount) pages",
          path: location)
      }
      guard page["IsTruncated"] == "true" else { break }
      guard let next = page["NextContinuationToken"], !next.isEmpty, next != token else {
        throw StoreError(
          .corrupt, "the server's list of objects is incomplete and does not say where it continues",
          path: location)
      }
      token = next
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The XML answer of a server.
  func page(_ response: HTTPResponse, _ name: String) throws(StoreError) -> XMLElement {
    guard let page = XMLElement(response.bytes), page.name == name else {
      throw StoreError(
        .corrupt, "the server's answer is not a \(name)", remedy: "check that the endpoint speaks the S3 API",
        path: location)
    }
    return page
  }

  package func remove(_ name: String) throws(StoreError) {
    let response = try objects.answer(HTTPRequest(.delete, url(name)), for: name)
    guard response.isSuccess || response.status == 404 && S3ErrorBody(response.note).code != "NoSuchBucket"
    else {
      throw objects.place.refusal(response, name)
    }
  }
}
#endif
