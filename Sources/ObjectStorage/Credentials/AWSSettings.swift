#if ObjectStorage
internal import ImageStoreCore
internal import ImageStoreSupport

/// The settings that AWS's own tools read from the environment and the shared files ("Settings
/// reference", AWS SDKs and Tools Reference Guide).
struct AWSSettings: Sendable {
  let environment: [String: String]
  let profileName: String
  /// The settings of the profile, those of the credentials file before those of the configuration file.
  let profile: [String: String]

  /// - Throws: ``StoreError/Code/notFound`` if the environment names a profile that neither file has.
  init(environment: [String: String]) throws(StoreError) {
    self.environment = environment
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let home = value("HOME") ?? ""
    let credentialsFile = Self.expanded(value("AWS_SHARED_CREDENTIALS_FILE") ?? "~/.aws/credentials", home)
    let configurationFile = Self.expanded(value("AWS_CONFIG_FILE") ?? "~/.aws/config", home)
    profileName = value("AWS_PROFILE") ?? value("AWS_DEFAULT_PROFILE") ?? "default"
    let credentials = try AWSProfiles(file: credentialsFile).sections
    let configuration = try AWSProfiles(file: configurationFile).sections
    let configured =
      configuration["profile \(profileName)"] ?? (profileName == "default" ? configuration["default"] : nil)
    let secret = credentials[profileName]
    if configured == nil, secret == nil, profileName != "default" {
      throw StoreError(
        .notFound, "there is no profile \(profileName) in \(credentialsFile) or \(configurationFile)",
        remedy: "set AWS_PROFILE to one that exists")
    }
    profile = (configured ?? [:]).merging(secret ?? [:]) { $1 }
  }

  private static func expanded(_ path: String, _ home: String) -> String {
    path.hasPrefix("~/") ? home + path.dropFirst() : path
  }

  /// A variable of the environment, unless it is empty.
  func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// Whether a variable is true.
  func isSet(_ name: String) -> Bool {
    ["1", "true", "yes"].contains(variable(name)?.lowercased() ?? "")
  }

  var region: String? {
    variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? profile["region"]
  }

  /// The URL of a service that is not AWS's own; nil for AWS's.
  ///
  /// - Parameter service: as the names of variables have it, such as `S3`.
  func endpoint(of service: String) -> String? {
    if isSet("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") { return nil }
    return variable("AWS_ENDPOINT_URL_\(service)") ?? variable("AWS_ENDPOINT_URL")
      ?? profile["\(service.lowercased()).endpoint_url"] ?? profile["endpoint_url"]
  }

  /// `path`, `virtual` or `auto`, as the profile's `s3` has it.
  var addressingStyle: String? { profile["s3.addressing_style"] }

  /// A file of certificates to trust, if it is not the system's.
  var certificates: String? {
    variable("AWS_CA_BUNDLE") ?? profile["ca_bundle"] ?? Self.certificates(environment)
  }

  /// The file of certificates that curl's own program takes from the environment, and the library does not.
  static func certificates(_ environment: [String: String]) -> String? {
    for name in ["CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
      if let path = environment[name], !path.isEmpty { return path }
    }
    return nil
  }
}
#endif
