package io.silkstone.shell.control;

import io.silkstone.api.node.EndpointProvider;
import io.silkstone.api.node.Node;
import io.silkstone.shell.command.CommandCatalog;
import io.silkstone.shell.session.InteractiveShell;
import io.silkstone.shell.session.NodeHome;
import java.io.IOException;
import java.util.List;
import org.apache.felix.service.command.CommandProcessor;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Serves the control socket of the node's home. */
@Component(name = "io.silkstone.shell.control", immediate = true)
@Designate(ocd = ControlComponent.Config.class)
public final class ControlComponent implements EndpointProvider {
    private static final String LEAVING = "Ctrl-D leaves.";

    private final ControlServer server;

    /** Settings of the control socket. */
    @ObjectClassDefinition(name = "Silkstone shell: control socket")
    public @interface Config {
        /** When an idle session ends. */
        @AttributeDefinition(
                description = "A session without a byte in either direction ends after so long.")
        long idle_timeout_s() default 3600;

        /** Sessions at once. */
        @AttributeDefinition(description = "So many shell sessions may be open at once.")
        int sessions_max() default 16;
    }

    /** Called by the component runtime. */
    @Activate
    public ControlComponent(
            BundleContext context,
            Config config,
            @Reference CommandProcessor processor,
            @Reference CommandCatalog catalog)
            throws IOException {
        NodeHome home = NodeHome.of(context);
        InteractiveShell shell = new InteractiveShell(processor, catalog, home.history());
        server =
                new ControlServer(
                        home.controlSocket(),
                        checked(config),
                        new ControlServer.Context(
                                processor, shell, home.welcome(LEAVING), System::nanoTime));
    }

    @Modified
    void modified(Config config) {
        server.use(checked(config));
    }

    @Deactivate
    void close() {
        server.close();
    }

    @Override
    public List<Node.Endpoint> endpoints() {
        return List.of(new Node.Endpoint("control", server.path().toString()));
    }

    private static ControlOptions checked(Config config) {
        return new ControlOptions(config.idle_timeout_s(), config.sessions_max());
    }
}
