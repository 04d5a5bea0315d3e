package io.silkstone.node;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Builds small bundles; the classes in them are copies of those in {@link TestPolicies}. */
public final class TestBundle {
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final Map<String, byte[]> entries = new TreeMap<>();

    private TestBundle(String symbolicName, String version) {
        headers.put("Bundle-ManifestVersion", "2");
        headers.put("Bundle-SymbolicName", symbolicName);
        headers.put("Bundle-Version", version);
    }

    /** An empty bundle. */
    public static TestBundle of(String symbolicName, String version) {
        return new TestBundle(symbolicName, version);
    }

    /** A bundle {@code test.<name>} with a policy of kind cores. */
    public static TestBundle policy(String name, String version, Class<?> implementation) {
        return of("test." + name, version)
                .header("Provide-Capability", "silkstone.policy;kind=cores;name=" + name)
                .component(
                        "test." + name,
                        implementation,
                        "<property name='silkstone.kind' value='cores'/>"
                                + "<property name='silkstone.name' value='"
                                + name
                                + "'/>");
    }

    /** A bundle {@code test.<name>} with a policy for the real cores. */
    public static TestBundle corePolicy(String name, String version) {
        return of("test." + name, version)
                .header("Provide-Capability", "silkstone.policy;kind=cores;name=" + name)
                .header("Import-Package", "io.silkstone.api.threads")
                .componentXml(
                        "test." + name,
                        TestCorePolicy.class,
                        "<property name='silkstone.kind' value='cores'/>"
                                + "<property name='silkstone.name' value='"
                                + name
                                + "'/><service><provide"
                                + " interface='io.silkstone.api.threads.CorePolicy'/></service>");
    }

    /** Sets a manifest header. */
    public TestBundle header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** Adds a delayed component of {@code implementation} as a LongSupplier. */
    public TestBundle component(String name, Class<?> implementation, String properties) {
        return componentXml(
                name,
                implementation,
                properties
                        + "<service><provide"
                        + " interface='java.util.function.LongSupplier'/></service>");
    }

    /** Adds a component with {@code body} for the elements in it. */
    public TestBundle componentXml(String name, Class<?> implementation, String body) {
        return componentXml(name, implementation, "", body);
    }

    /** Adds a component with more {@code attributes}, such as its methods. */
    public TestBundle componentXml(
            String name, Class<?> implementation, String attributes, String body) {
        headers.put("Service-Component", "OSGI-INF/component.xml");
        headers.put(
                "Require-Capability",
                "osgi.extender;filter:=\"(&(osgi.extender=osgi.component)(version>=1.4.0))\"");
        entry(
                "OSGI-INF/component.xml",
                ("<scr:component xmlns:scr='http://www.osgi.org/xmlns/scr/v1.4.0' name='"
                                + name
                                + "' "
                                + attributes
                                + "><implementation class='"
                                + implementation.getName()
                                + "'/>"
                                + body
                                + "</scr:component>")
                        .getBytes(StandardCharsets.UTF_8));
        return with(implementation);
    }

    /** Adds a copy of {@code type}'s class file. */
    public TestBundle with(Class<?> type) {
        String path = type.getName().replace('.', '/') + ".class";
        try (InputStream in = type.getClassLoader().getResourceAsStream(path)) {
            return entry(path, in.readAllBytes());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Adds a file. */
    public TestBundle entry(String path, byte[] content) {
        entries.put(path, content);
        return this;
    }

    /** The jar. */
    public byte[] bytes() {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.forEach((name, value) -> manifest.getMainAttributes().putValue(name, value));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(out, manifest)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                jar.putNextEntry(new JarEntry(entry.getKey()));
                jar.write(entry.getValue());
                jar.closeEntry();
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return out.toByteArray();
    }

    /** The jar as a stream. */
    public InputStream stream() {
        return new ByteArrayInputStream(bytes());
    }

    /** Writes the jar, visible whole or not at all. */
    public Path writeTo(Path file) throws IOException {
        Path draft = file.resolveSibling("." + file.getFileName() + ".draft");
        Files.write(draft, bytes());
        return Files.move(draft, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
}
