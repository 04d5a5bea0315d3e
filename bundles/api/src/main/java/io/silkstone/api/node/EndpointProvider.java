package io.silkstone.api.node;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/** Published as a service by whatever listens, so that {@code status} can say what serves where. */
@ConsumerType
public interface EndpointProvider {
    /** What listens now. */
    List<Node.Endpoint> endpoints();
}
