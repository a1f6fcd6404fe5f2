// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "mounted-server",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "kite", path: "../.."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "MountedServer",
            dependencies: [
                .product(name: "Kite", package: "kite"), .product(name: "KiteServer", package: "kite"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ])
    ]
)
