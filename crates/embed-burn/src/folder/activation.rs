//! [`Activation`]: the function between the halves of a feed-forward part, or behind a dense step.

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// GELU with the error function.
    Gelu,
    /// GELU with its tanh approximation.
    GeluTanh,
    /// max(0, x).
    Relu,
    /// x / (1 + e^(-x)), also called swish.
    Silu,
}

impl Activation {
    /// What an error says is known.
    pub(super) const KNOWN: &'static str =
        "gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, relu, silu and swish";

    /// The name in a model's configuration; of several for the same function, the first.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Activation::Gelu => "gelu",
            Activation::GeluTanh => "gelu_new",
            Activation::Relu => "relu",
            Activation::Silu => "silu",
        }
    }

    /// The one of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "gelu" => Some(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Some(Activation::GeluTanh),
            "relu" => Some(Activation::Relu),
            "silu" | "swish" => Some(Activation::Silu),
            _ => None,
        }
    }
}

/// What a dense step ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DenseActivation {
    /// The number itself.
    Identity,
    /// The hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e^(-x)).
    Sigmoid,
    /// One that encoders have too.
    Of(Activation),
}

impl DenseActivation {
    /// What an error says is known.
    pub(super) const KNOWN: &'static str = "torch's Identity, Tanh, Sigmoid, ReLU, GELU and SiLU";

    pub(super) fn as_str(self) -> &'static str {
        match self {
            DenseActivation::Identity => "identity",
            DenseActivation::Tanh => "tanh",
            DenseActivation::Sigmoid => "sigmoid",
            DenseActivation::Of(activation) => activation.as_str(),
        }
    }

    /// By the class's path in Python, as sentence-transformers writes it.
    pub(super) fn of_class(path: &str) -> Option<Self> {
        if !path.starts_with("torch.nn.") {
            return None;
        }
        match path.rsplit('.').next()? {
            "Identity" => Some(DenseActivation::Identity),
            "Tanh" => Some(DenseActivation::Tanh),
            "Sigmoid" => Some(DenseActivation::Sigmoid),
            "ReLU" => Some(DenseActivation::Of(Activation::Relu)),
            "GELU" => Some(DenseActivation::Of(Activation::Gelu)),
            "SiLU" => Some(DenseActivation::Of(Activation::Silu)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activation_is_known_by_each_of_its_names() {
        for name in Activation::KNOWN.replace(" and ", ", ").split(", ") {
            assert!(Activation::named(name).is_some(), "{name}");
        }
        for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Relu, Activation::Silu] {
            assert_eq!(Activation::named(activation.as_str()), Some(activation));
        }
        assert_eq!(Activation::named("tanh"), None);
    }

    #[test]
    fn a_class_of_torchs_is_known_and_none_of_others() {
        let of = DenseActivation::of_class;
        assert_eq!(of("torch.nn.modules.activation.Tanh"), Some(DenseActivation::Tanh));
        assert_eq!(of("torch.nn.modules.linear.Identity"), Some(DenseActivation::Identity));
        assert_eq!(of("torch.nn.modules.activation.GELU"), Some(DenseActivation::Of(Activation::Gelu)));
        assert_eq!((of("torch.nn.modules.activation.Softplus"), of("mine.Tanh")), (None, None));
    }
}
