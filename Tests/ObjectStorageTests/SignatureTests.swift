#if ObjectStorage
import ImageStoreCore
import Testing

@testable import ObjectStorage

/// Signatures that AWS publishes: the examples of "Signature Calculations for the Authorization
/// Header" (Amazon S3 API Reference) and of the Signature Version 4 test suite.
@Suite struct SignatureTests {
  private struct Vector {
    var method = "GET"
    var path = "/"
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)]
    var payload = S3Signature.emptyPayload
    var signature: String
  }

  private static let empty = S3Signature.emptyPayload
  private static let host = (name: "Host", value: "examplebucket.s3.amazonaws.com")
  private static let date = (name: "x-amz-date", value: "20130524T000000Z")

  private static let bucketVectors: [Vector] = [
    Vector(
      path: "/test.txt",
      headers: [host, ("Range", "bytes=0-9"), ("x-amz-content-sha256", empty), date],
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    Vector(
      method: "PUT", path: "/test%24file.text",
      headers: [
        ("Date", "Fri, 24 May 2013 00:00:00 GMT"), host, date, ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
      ],
      payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    Vector(
      query: [("lifecycle", "")], headers: [host, ("x-amz-content-sha256", empty), date],
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    Vector(
      query: [("max-keys", "2"), ("prefix", "J")], headers: [host, ("x-amz-content-sha256", empty), date],
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ]

  @Test func signaturesAreThoseOfTheReference() {
    for vector in Self.bucketVectors {
      let time = SigningTime(seconds: 1_369_353_600)
      #expect(time.text == "20130524T000000Z")
      let key = S3Signature.key(
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", day: time.day, region: "us-east-1")
      let signature = S3Signature(
        accessKey: "AKIAIOSFODNN7EXAMPLE", key: key, time: time, region: "us-east-1")
      let found = signature.authorization(
        method: vector.method, path: vector.path, query: URLEscaping.query(vector.query),
        headers: vector.headers,
        payload: vector.payload)
      #expect(found.hasSuffix("Signature=\(vector.signature)"))
      #expect(
        found.hasPrefix(
          "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders="
        ))
    }
  }

  private static let suiteHeaders = [
    (name: "Host", value: "example.amazonaws.com"), (name: "X-Amz-Date", value: "20150830T123600Z"),
  ]
  private static let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  private static let suiteVectors: [Vector] = [
    Vector(
      headers: suiteHeaders, signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(
      query: [("Param2", "value2"), ("Param1", "value1")], headers: suiteHeaders,
      signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    Vector(
      query: [(unreserved, unreserved)], headers: suiteHeaders,
      signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
    Vector(
      path: "/\(URLEscaping.escaped("\u{1234}"))", headers: suiteHeaders,
      signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    Vector(
      method: "POST", headers: suiteHeaders,
      signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    Vector(
      headers: suiteHeaders + [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
      signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
  ]

  @Test func signaturesAreThoseOfTheSuite() {
    for vector in Self.suiteVectors {
      let time = SigningTime(seconds: 1_440_938_160)
      let key = S3Signature.key(
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", day: time.day, region: "us-east-1",
        service: "service")
      let signature = S3Signature(
        accessKey: "AKIDEXAMPLE", key: key, time: time, region: "us-east-1", service: "service")
      let found = signature.authorization(
        method: vector.method, path: vector.path, query: URLEscaping.query(vector.query),
        headers: vector.headers,
        payload: vector.payload)
      #expect(found.hasSuffix("Signature=\(vector.signature)"))
    }
  }

  @Test func theDaysKeyIsThatOfTheReference() {
    let key = S3Signature.key(
      secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", day: "20120215", region: "us-east-1", service: "iam"
    )
    #expect(
      key == [
        0xf4, 0x78, 0x0e, 0x2d, 0x9f, 0x65, 0xfa, 0x89, 0x5f, 0x9c, 0x67, 0xb3, 0x2c, 0xe1, 0xba, 0xf0, 0xb0,
        0xd8,
        0xa4, 0x35, 0x05, 0xa0, 0x00, 0xa1, 0xa9, 0xe0, 0x90, 0xd4, 0x14, 0xdb, 0x40, 0x4d,
      ])
  }

  @Test func timesAreWritten() {
    #expect(SigningTime(seconds: 0).text == "19700101T000000Z")
    #expect(SigningTime(seconds: 951_782_399).text == "20000228T235959Z")
    #expect(SigningTime(seconds: 951_868_799).text == "20000229T235959Z")
    #expect(SigningTime(seconds: 4_107_542_400).text == "21000301T000000Z")
    #expect(SigningTime.seconds("2000-02-29T23:59:59Z") == 951_868_799)
    #expect(SigningTime.seconds("2100-03-01T00:00:00.000Z") == 4_107_542_400)
    for text in ["", "2000-02-29", "2000-13-01T00:00:00Z", "tomorrow", "2000-02-29T23:59:59"] {
      #expect(SigningTime.seconds(text) == nil)
    }
    for day in stride(from: 0, to: 60_000, by: 7) {
      let text = SigningTime(seconds: Int64(day) * 86_400).text
      let date = "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.dropFirst(6).prefix(2))"
      #expect(SigningTime.seconds("\(date)T00:00:00Z") == Int64(day) * 86_400)
    }
  }
}
#endif
