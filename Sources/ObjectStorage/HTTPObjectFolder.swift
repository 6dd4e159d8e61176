#if ObjectStorage
package import ImageStoreCore
package import ImageStoreSupport

/// A folder at an `https://` URL, or `http://` in a private network: files of a web server that
/// answers range requests. It can only be read.
package final class HTTPObjectFolder: ObjectFolder {
  package let location: String
  private let root: String
  private let objects: RemoteObjects

  /// - Parameters:
  ///   - location: the folder's URL, escaped as URLs are.
  ///   - connections: how many requests may be in progress.
  package init(_ location: String, connections: Int = 16, environment: [String: String]) throws(StoreError) {
    guard let parts = URLParts(location) else {
      throw StoreError(
        .invalidArgument,
        "this is not the URL of a folder: https://HOST/PATH, without spaces, a user name or a password",
        path: location.contains("@") ? nil : location)
    }
    guard parts.query.isEmpty, !location.contains("#") else {
      throw StoreError(
        .invalidArgument, "the URL has a query, so it names one object and not a folder",
        path: "\(parts.scheme)://\(parts.host)\(parts.path)")
    }
    var path = parts.path
    while path.hasSuffix("/") { path.removeLast() }
    self.location = "\(parts.scheme)://\(parts.host)\(path)"
    root = "\(self.location)/"
    let certificates = AWSSettings.certificates(environment)
    let client = try HTTPClient { () throws(StoreError) in
      try HTTPTransport(connections: connections, authorizer: nil, certificates: certificates)
    }
    let place = RemotePlace(
      location: self.location,
      remedy: { response in
        response.status == 401 || response.status == 403
          ? "only folders that anybody may read can be read" : nil
      },
      redacting: { $0 })
    objects = RemoteObjects(place: place, client: client, followsRedirections: true)
  }

  package var localPath: String? { nil }

  private func url(_ name: String) -> String { root + URLEscaping.escaped(name, keepsSlashes: true) }

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

  private func readOnly() -> StoreError {
    StoreError(
      .unsupported, "a folder read by https cannot be written or listed",
      remedy: "write to s3://BUCKET/PREFIX or a folder",
      path: location)
  }

  package func put(
    _ bytes: [UInt8], as name: String, if condition: ObjectCondition
  ) throws(StoreError) -> ObjectState { throw readOnly() }

  package func upload(
    _ path: String, as name: String, progress: @escaping @Sendable (_ byteCount: Int) -> Void
  ) throws(StoreError) { throw readOnly() }

  package func names(startingWith prefix: String) throws(StoreError) -> [String] { throw readOnly() }

  package func remove(_ name: String) throws(StoreError) { throw readOnly() }
}
#endif
