import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.stream.StreamResult;
import javax.xml.transform.stream.StreamSource;

/** {@code java Transform.java <stylesheet> <from> <to>}, for the build. */
final class Transform {
    private Transform() {}

    public static void main(String[] paths) throws Exception {
        Path to = Path.of(paths[2]);
        Files.createDirectories(to.getParent());
        TransformerFactory.newInstance()
                .newTransformer(new StreamSource(paths[0]))
                .transform(new StreamSource(paths[1]), new StreamResult(to.toFile()));
    }
}
