import ImageStoreCore
import ImageStoreSupport
import ObjectStorage
import Testing

@Suite struct LocationTests {
  @Test func placesOfObjectsAreTold() {
    for path in ["s3://bucket/prefix", "https://example.org/a", "http://localhost:8000"] {
      #expect(ObjectStorage.isLocation(path))
    }
    for path in ["train.npz", "/data/s3", "file:///data", "s3:/bucket"] {
      #expect(!ObjectStorage.isLocation(path))
    }
  }

  #if !ObjectStorage
  @Test func buildsWithoutTheTraitNameIt() {
    let error = #expect(throws: StoreError.self) { try ObjectStorage.folder(at: "s3://bucket/prefix") }
    #expect(error?.code == .missingTrait)
    #expect(error?.description.contains("--traits ObjectStorage") == true)
  }
  #endif
}
