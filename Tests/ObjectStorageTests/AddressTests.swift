#if ObjectStorage
import ImageStoreCore
import Testing

@testable import ObjectStorage

@Suite struct AddressTests {
  private func url(
    _ bucket: String = "data", region: String = "eu-west-1", endpoint: String? = nil, style: String? = nil,
    key: String = "train/a b+c/d.npz"
  ) throws(StoreError) -> String {
    try S3Address(bucket: bucket, region: region, endpoint: endpoint, style: style).url(key)
  }

  @Test func bucketsOfAmazonAreInTheHostsName() throws {
    #expect(try url() == "https://data.s3.eu-west-1.amazonaws.com/train/a%20b%2Bc/d.npz")
    #expect(try url(key: "") == "https://data.s3.eu-west-1.amazonaws.com/")
    // A certificate has no place for the dots.
    #expect(try url("my.data", key: "x") == "https://s3.eu-west-1.amazonaws.com/my.data/x")
    #expect(try url(style: "path", key: "x") == "https://s3.eu-west-1.amazonaws.com/data/x")
  }

  @Test func bucketsOfOthersAreInThePath() throws {
    #expect(try url(endpoint: "http://127.0.0.1:8333", key: "x") == "http://127.0.0.1:8333/data/x")
    #expect(try url(endpoint: "http://127.0.0.1:8333", key: "") == "http://127.0.0.1:8333/data")
    #expect(
      try url(endpoint: "https://ceph.example/gateway/", key: "x") == "https://ceph.example/gateway/data/x")
    #expect(
      try url(endpoint: "https://ceph.example", style: "virtual", key: "x") == "https://data.ceph.example/x")
    // A port that goes without saying is not in the header that is signed.
    #expect(try url(endpoint: "https://ceph.example:443", key: "x") == "https://ceph.example/data/x")
    #expect(try url(endpoint: "http://ceph.example:80", key: "x") == "http://ceph.example/data/x")
    #expect(try url(endpoint: "http://[::1]:8333", key: "x") == "http://[::1]:8333/data/x")
  }

  @Test func whatIsNoAddressIsRefused() {
    for bucket in ["", "..", "a/b", "a b", "a?b", "\u{e9}"] {
      #expect(throws: StoreError.self) { try url(bucket) }
    }
    for endpoint in [
      "127.0.0.1:8333", "ftp://host", "http://", "http://user:secretword@host", "http://host/?a=b",
      "http://a b",
    ] {
      let error = #expect(throws: StoreError.self) { try url(endpoint: endpoint) }
      #expect(error?.description.contains("secretword") == false)
    }
    #expect(throws: StoreError.self) { try url(region: "a/b") }
    #expect(throws: StoreError.self) { try url(style: "host") }
  }

  @Test func queriesAreInTheOrderOfTheirBytes() {
    #expect(
      URLEscaping.query([("prefix", "a/b c"), ("list-type", "2"), ("Z", ""), ("prefix", "A~")])
        == "Z=&list-type=2&prefix=A~&prefix=a%2Fb%20c")
    #expect(URLEscaping.escaped("\u{e9}/%", keepsSlashes: true) == "%C3%A9/%25")
  }

  @Test func xmlIsReadAsFarAsServersWriteIt() throws {
    let text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- a > b -->
      <s3:List xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" a='>'><Key>a&amp;b&#x41;&#66;<![CDATA[<&]]></Key><Empty/>
      <Inner><Key>x</Key></Inner></s3:List>
      """
    let root = try #require(XMLElement(Array(text.utf8)))
    #expect(root.name == "List")
    #expect(root["Key"] == "a&bAB<&")
    #expect(root["Empty"] == "")
    #expect(root.child("Inner")?["Key"] == "x")
    #expect(root.descendant("Inner")?.children.count == 1)
  }

  @Test func whatIsNoXMLOfTheirsIsNone() {
    let deep = String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
    for text in [
      "", "text", "<", "<a", "<a>", "<a></b>", "</a>", "<a>&unknown;</a>", "<a>&#xFFFFFFFF;</a>",
      "<a>&amp</a>", deep,
      "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a><![CDATA[x</a>", "<>x</>", "<?xml", "<!-- -",
    ] {
      #expect(XMLElement(Array(text.utf8)) == nil, "\(text)")
    }
    // Bytes at random end as well.
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<64).map { _ in "<>/a&;![CDATA[]-?\"'".utf8.randomElement(using: &generator)! }
      _ = XMLElement(bytes)
    }
  }
}
#endif
