#if ObjectStorage
import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import ObjectStorage

@Suite struct CredentialTests {
  private static let secret = "wJalrXUtnFEMI/K7MDENG"

  /// A home with AWS's files in it.
  private final class Home {
    let path = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path

    init(credentials: String? = nil, configuration: String? = nil) throws {
      try FileManager.default.createDirectory(atPath: "\(path)/.aws", withIntermediateDirectories: true)
      try credentials?.write(toFile: "\(path)/.aws/credentials", atomically: false, encoding: .utf8)
      try configuration?.write(toFile: "\(path)/.aws/config", atomically: false, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws -> String {
      try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
      return "\(path)/\(name)"
    }
  }

  private func read(_ environment: [String: String]) throws(StoreError) -> S3Credentials? {
    let chain = CredentialChain(settings: try AWSSettings(environment: environment)) {
      (request) throws(HTTPFailure) in
      let transport: HTTPTransport
      do throws(StoreError) {
        transport = try HTTPTransport(connections: 1, authorizer: nil, certificates: nil)
      } catch {
        throw HTTPFailure(kind: .refused, message: error.message)
      }
      return try transport.perform(request)
    }
    return try chain.read()
  }

  @Test func theEnvironmentComesFirst() throws {
    let home = try Home(
      credentials: "[default]\naws_access_key_id = FILEKEY\naws_secret_access_key = \(Self.secret)\n")
    let base = ["HOME": home.path, "AWS_EC2_METADATA_DISABLED": "true"]
    let found = try #require(try read(base))
    #expect(found.accessKey == "FILEKEY")
    #expect(found.secretKey == Self.secret)
    let own = base.merging([
      "AWS_ACCESS_KEY_ID": "OWNKEY", "AWS_SECRET_ACCESS_KEY": "s3cr3t", "AWS_SESSION_TOKEN": "tok",
    ]) { $1 }
    #expect(try read(own)?.accessKey == "OWNKEY")
    #expect(try read(own)?.sessionToken == "tok")
    #expect(try read(own.merging(["AWS_NO_SIGN_REQUEST": "YES"]) { $1 }) == nil)
    let half = #expect(throws: StoreError.self) {
      try read(base.merging(["AWS_ACCESS_KEY_ID": "OWNKEY"]) { $1 })
    }
    #expect(half?.description.contains("AWS_SECRET_ACCESS_KEY is not set") == true)
    let broken = own.merging(["AWS_SECRET_ACCESS_KEY": "line\nbreak"]) { $1 }
    let error = #expect(throws: StoreError.self) { try read(broken) }
    #expect(
      error?.description.contains("break") == true
        && error?.description.contains("line\u{FFFD}break") == false)
    #expect(try read(["HOME": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true"]) == nil)
  }

  @Test func profilesAreReadAsAWSDoes() throws {
    let home = try Home(
      credentials: """
        # a comment
        [default]
        aws_access_key_id = DEFAULTKEY
        aws_secret_access_key = one
        [team]
        aws_access_key_id=TEAMKEY
        aws_secret_access_key = a=b/c+d
        aws_session_token = token
        """,
      configuration: """
        [default]
        region = eu-north-1
        [profile team]
        region = us-west-2   # where it is
        endpoint_url = https://ceph.example
        s3 =
          addressing_style = path
          endpoint_url = https://s3.example
        output = json
        [profile process]
        credential_process = /usr/bin/secrets
        [profile role]
        role_arn = arn:aws:iam::1:role/x
        source_profile = default
        """)
    let base = ["HOME": home.path, "AWS_EC2_METADATA_DISABLED": "true"]
    #expect(try read(base)?.accessKey == "DEFAULTKEY")
    #expect(try AWSSettings(environment: base).region == "eu-north-1")
    let team = base.merging(["AWS_PROFILE": "team"]) { $1 }
    #expect(try read(team)?.secretKey == "a=b/c+d")
    #expect(try read(team)?.sessionToken == "token")
    let settings = try AWSSettings(environment: team)
    #expect(settings.region == "us-west-2")
    #expect(settings.endpoint(of: "S3") == "https://s3.example")
    #expect(settings.endpoint(of: "STS") == "https://ceph.example")
    #expect(settings.addressingStyle == "path")
    #expect(settings.profile["output"] == "json")
    let named = try AWSSettings(
      environment: team.merging([
        "AWS_REGION": "a", "AWS_DEFAULT_REGION": "b", "AWS_ENDPOINT_URL": "http://general",
        "AWS_ENDPOINT_URL_S3": "http://own",
      ]) { $1 })
    #expect(named.region == "a")
    #expect(named.endpoint(of: "S3") == "http://own")
    #expect(named.endpoint(of: "STS") == "http://general")
    // Other places of the files.
    let other = try home.write(
      "[default]\naws_access_key_id = OTHERKEY\naws_secret_access_key = x\n", to: "other")
    #expect(try read(base.merging(["AWS_SHARED_CREDENTIALS_FILE": other]) { $1 })?.accessKey == "OTHERKEY")
    for (profile, word) in [
      ("none", "there is no profile none"), ("process", "export-credentials"),
      ("role", "web_identity_token_file"),
    ] {
      let error = #expect(throws: StoreError.self) { try read(base.merging(["AWS_PROFILE": profile]) { $1 }) }
      #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }
  }

  @Test(.enabled(if: FaultyServer.python != nil)) func webIdentitiesAreExchanged() throws {
    let server = try FaultyServer()
    let home = try Home()
    let file = try home.write("tokenofthepod\n", to: "token")
    let answer =
      "<AssumeRoleWithWebIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><AssumeRoleWithWebIdentityResult>"
      + "<Credentials><AccessKeyId>STSKEY</AccessKeyId><SecretAccessKey>stssecret</SecretAccessKey><SessionToken>sts</SessionToken>"
      + "<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    try server.control(
      "{\"secrets\": {\"/\": {\"form\": \"RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&RoleSessionName=me&Version=2011-06-15&WebIdentityToken=tokenofthepod\", \"body\": \"\(answer)\"}}}"
    )
    let environment = [
      "HOME": home.path, "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": "arn:aws:iam::1:role/x",
      "AWS_ROLE_SESSION_NAME": "me", "AWS_ENDPOINT_URL_STS": server.address,
    ]
    let found = try #require(try read(environment))
    #expect(found.accessKey == "STSKEY")
    #expect(found.secretKey == "stssecret")
    #expect(found.sessionToken == "sts")
    #expect(found.expiration == 4_102_444_800)
    // Refused, the error says why and nothing of the token.
    try server.control(#"{"secrets": {"/": {"form": "another", "body": ""}}}"#)
    let error = #expect(throws: StoreError.self) { try read(environment) }
    #expect(error?.description.contains("AccessDenied") == true)
    #expect(error?.description.contains("tokenofthepod") == false)
    let missing = #expect(throws: StoreError.self) {
      try read(environment.merging(["AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"]) { $1 })
    }
    #expect(missing?.path == "/nowhere/token")
  }

  @Test(.enabled(if: FaultyServer.python != nil)) func containersAndMachinesGiveThem() throws {
    let server = try FaultyServer()
    func body(_ key: String) -> String {
      #"{\"Code\": \"Success\", \"AccessKeyId\": \"\#(key)\", \"SecretAccessKey\": \"s\", \"Token\": \"t\", \"Expiration\": \"2100-01-01T00:00:00Z\"}"#
    }
    try server.control(
      """
      {"secrets": {
        "/container": {"authorization": "pod", "body": "\(body("CONTAINERKEY"))"},
        "/latest/meta-data/iam/security-credentials/": {"body": "my role\\n"},
        "/latest/meta-data/iam/security-credentials/my role": {"body": "\(body("MACHINEKEY"))"}}}
      """)
    let container = [
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.address)/container",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pod",
    ]
    #expect(try read(container)?.accessKey == "CONTAINERKEY")
    #expect(try read(container)?.sessionToken == "t")
    #expect(try read(container)?.expiration == 4_102_444_800)
    let home = try Home()
    let file = try home.write("pod\n", to: "token")
    let ofFile = [
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.address)/container",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
    ]
    #expect(try read(ofFile)?.accessKey == "CONTAINERKEY")
    let refused = container.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "otherpod"]) { $1 }
    let error = #expect(throws: StoreError.self) { try read(refused) }
    #expect(error?.description.contains("otherpod") == false)
    // A URL that would hand the token to anybody.
    #expect(throws: StoreError.self) {
      try read(container.merging(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/x"]) { $1 })
    }
    let machine = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.address]
    #expect(try read(machine)?.accessKey == "MACHINEKEY")
    #expect(try read(machine.merging(["AWS_EC2_METADATA_DISABLED": "true"]) { $1 }) == nil)
    // No machine of Amazon's.
    #expect(try read(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"]) == nil)
  }

  @Test(.enabled(if: FaultyServer.python != nil)) func expiredCredentialsAreReadAgain() throws {
    let server = try FaultyServer()
    let home = try Home()
    let path = try home.write(
      "[default]\naws_access_key_id = OLDKEY\naws_secret_access_key = x\naws_session_token = oldtoken\n",
      to: ".aws/credentials")
    let environment = [
      "HOME": home.path, "AWS_ENDPOINT_URL": server.address, "AWS_EC2_METADATA_DISABLED": "true",
    ]
    let folder = try S3ObjectFolder("s3://data/train", environment: environment)
    let state = try folder.put([1, 2, 3], as: "a", if: .always)
    try server.control(#"{"expired": ["oldtoken"]}"#)
    // There are no newer credentials: one more try, and an error without any part of them.
    let error = #expect(throws: StoreError.self) { try folder.contents(of: "a", limit: 10) }
    #expect(error?.description.contains("ExpiredToken") == true, "\(String(describing: error))")
    #expect(try server.state().requests.count == 2)
    for word in ["OLDKEY", "oldtoken"] { #expect(error?.description.contains(word) == false) }
    try "[default]\naws_access_key_id = NEWKEY\naws_secret_access_key = y\naws_session_token = newtoken\n"
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try folder.read(0..<3, of: "a", expecting: state) == [1, 2, 3])
    #expect(try server.state().requests.last?.headers["x-amz-security-token"] == "newtoken")
    // The answer to HEAD does not say why.
    try server.control(#"{"expired": ["newtoken"]}"#)
    try "[default]\naws_access_key_id = LASTKEY\naws_secret_access_key = y\naws_session_token = lasttoken\n"
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try folder.state(of: "a")?.byteCount == 3)
  }

  @Test(.enabled(if: FaultyServer.python != nil)) func clocksThatAreWrongAreCorrected() throws {
    for skew in [7200, -86_400] {
      let server = try FaultyServer()
      let folder = try server.folder()
      try server.control("{\"skew\": \(skew)}")
      let state = try folder.put([1, 2, 3], as: "a", if: .always)
      #expect(try folder.read(0..<3, of: "a", expecting: state) == [1, 2, 3])
      #expect(try server.state().requests.count == 3)
      let other = try server.folder()
      #expect(try other.state(of: "a")?.byteCount == 3)
    }
  }

  /// Before they expire, new ones are read, once, while requests continue with the existing ones.
  @Test func credentialsAreRenewedInTime() throws {
    final class Count: @unchecked Sendable {
      private let lock = NSLock()
      private var count = 0
      func next() -> Int {
        lock.withLock {
          count += 1
          return count
        }
      }
      var value: Int { lock.withLock { count } }
    }
    let count = Count()
    let source = try CredentialSource { () throws(StoreError) in
      let number = count.next()
      return S3Credentials(
        accessKey: "KEY\(number)", secretKey: "s", sessionToken: nil, expiration: Int64(number) * 1000,
        source: "a test")
    }
    #expect(source.current(0)?.accessKey == "KEY1")
    #expect(source.current(699)?.accessKey == "KEY1")
    #expect(count.value == 1)
    _ = source.current(701)
    _ = source.current(701)
    let isDone = DispatchSemaphore(value: 0)
    source.readAgain { isDone.signal() }
    isDone.wait()
    #expect(source.latest?.accessKey != "KEY1")
    #expect(count.value <= 3)
  }

  @Test func nothingShowsCredentials() throws {
    let credentials = S3Credentials(
      accessKey: "AKIDEXAMPLE", secretKey: Self.secret, sessionToken: "sessiontoken", expiration: 5,
      source: "the environment")
    var dumped = ""
    dump(credentials, to: &dumped)
    var nested = ""
    dump([Optional(credentials)], to: &nested)
    for text in [
      "\(credentials)", String(reflecting: credentials), String(describing: Optional(credentials)), dumped,
      nested,
    ] {
      for word in ["AKIDEXAMPLE", Self.secret, "sessiontoken"] { #expect(!text.contains(word), "\(text)") }
    }
    #expect(credentials.redacting("key AKIDEXAMPLE, token sessiontoken") == "key ..., token ...")
  }

  /// A server that repeats what it was sent has it taken out of its message.
  @Test(.enabled(if: FaultyServer.python != nil)) func errorsShowNoCredentials() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    try server.control(
      #"{"refuse": [403, "InvalidAccessKeyId", "the key testkey with testsecret is unknown"]}"#)
    let error = #expect(throws: StoreError.self) { try folder.contents(of: "a", limit: 10) }
    #expect(
      error?.description.contains("the key ... with ... is unknown") == true, "\(String(describing: error))")
  }
}
#endif
