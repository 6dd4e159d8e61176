package import ImageStoreCore
package import ImageStoreSupport

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Buckets of any server with the S3 API, and folders at `https://` URLs, with the package's trait
/// `ObjectStorage`.
///
/// Credentials, region and endpoint are found where AWS's own tools find them: `AWS_ACCESS_KEY_ID`
/// and the other variables, the profiles of `~/.aws`, web identities, containers and machines;
/// `AWS_ENDPOINT_URL` names a server other than Amazon's. Without credentials, or with
/// `AWS_NO_SIGN_REQUEST=true`, requests are not signed. Proxies are those of `https_proxy` and
/// `no_proxy`; `AWS_CA_BUNDLE` and `SSL_CERT_FILE` name further certificates.
public enum ObjectStorage {
  /// Whether this build has the trait.
  public static var isAvailable: Bool {
    #if ObjectStorage
    true
    #else
    false
    #endif
  }

  /// Whether a path is in object storage rather than on this machine: `s3://...`, `https://...` or
  /// `http://...`.
  public static func isLocation(_ path: String) -> Bool {
    ["s3://", "https://", "http://"].contains { path.hasPrefix($0) }
  }

  /// The objects below a location.
  ///
  /// - Parameters:
  ///   - location: `s3://BUCKET/PREFIX`, whose prefix is not escaped, or the URL of a folder, which
  ///     can only be read.
  ///   - connections: how many requests may be in progress; a server that asks for fewer gets
  ///     fewer.
  /// - Throws: ``StoreError/Code/missingTrait`` in a build without the trait;
  ///   ``StoreError/Code/invalidArgument`` for any other location; errors of credentials that are
  ///   named but cannot be obtained.
  package static func folder(at location: String, connections: Int = 16) throws(StoreError)
    -> any ObjectFolder
  {
    #if ObjectStorage
    let environment = ProcessInfo.processInfo.environment
    if location.hasPrefix("s3://") {
      return try S3ObjectFolder(location, connections: connections, environment: environment)
    }
    return try HTTPObjectFolder(location, connections: connections, environment: environment)
    #else
    throw .missingTrait("ObjectStorage", "this build cannot reach object storage").at(path: location)
    #endif
  }
}
