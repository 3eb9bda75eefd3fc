(** * Differentiation by the product rule

    A derivation d of a commutative ring is additive and obeys d(xy) = dx y + x dy: the partial
    derivative with respect to a parameter is one.  It acts on matrices entry by entry, and alone
    determines the gradients of the determinant, the inverse and the characteristic polynomial. *)

From mathcomp Require Import all_ssreflect fingroup perm all_algebra.
From Symgrad Require Import contraction.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

(** The product rule. *)
Definition leibniz (R : comRingType) (d : R -> R) := forall x y, d (x * y) = d x * y + x * d y.

Section Derivation.

Variables (R : comRingType) (d : {additive R -> R}).
Hypothesis product_rule : leibniz d.

Notation "''d' A" := (map_mx d A) (at level 10, A at level 8, format "''d'  A").

Lemma d1 : d 1 = 0.
Proof. by apply: (addrI (d 1)); rewrite addr0 -{3}[1]mulr1 product_rule mulr1 mul1r. Qed.

Lemma d_nat k : d k%:R = 0.
Proof. by rewrite raddfMn /= d1 mul0rn. Qed.

Lemma d_sign (b : nat) x : d ((-1) ^+ b * x) = (-1) ^+ b * d x.
Proof. by rewrite -signr_odd; case: odd; rewrite ?expr1 ?expr0 ?mulN1r ?raddfN ?mul1r. Qed.

(** The product rule for many factors. *)
Lemma d_prod (I : finType) (f : I -> R) :
  d (\prod_i f i) = \sum_i d (f i) * \prod_(j | i != j) f j.
Proof.
suff step (s : seq I) : uniq s ->
    d (\prod_(i <- s) f i) = \sum_(i <- s) d (f i) * \prod_(j <- s | i != j) f j.
  by rewrite step ?index_enum_uniq.
elim: s => [|i s IHs] /=; first by rewrite !big_nil d1.
case/andP=> i_notin_s uniq_s; rewrite !big_cons product_rule IHs // eqxx; congr (_ * _ + _).
  rewrite [in RHS]big_seq_cond [in LHS]big_seq; apply: eq_bigl => j.
  by case: (boolP (j \in s)) => //= j_in_s; apply/esym; apply: contraNneq i_notin_s => ->.
rewrite big_distrr; apply: eq_big_seq => k k_in_s /=; rewrite big_cons.
by rewrite ifT 1?mulrCA //; apply: contraNneq i_notin_s => <-.
Qed.

Section Matrices.

Variables m n p : nat.

Lemma d_trmx (A : 'M[R]_(m, n)) : 'd A^T = ('d A)^T.
Proof. by rewrite map_trmx. Qed.

(** d(AB) = dA B + A dB. *)
Lemma d_mulmx (A : 'M[R]_(m, n)) (B : 'M[R]_(n, p)) : 'd (A *m B) = 'd A *m B + A *m 'd B.
Proof.
apply/matrixP=> i j; rewrite !mxE raddf_sum -big_split /=.
by apply: eq_bigr => k _; rewrite !mxE product_rule.
Qed.

(** d(xA) = dx A + x dA. *)
Lemma d_scale x (A : 'M[R]_(m, n)) : 'd (x *: A) = d x *: A + x *: 'd A.
Proof. by apply/matrixP=> i j; rewrite !mxE product_rule. Qed.

End Matrices.

Section Square.

Variable n : nat.
Implicit Types (X W S G : 'M[R]_n).

Lemma d_scalar_mx x : 'd (x%:M : 'M_n) = (d x)%:M.
Proof. by apply/matrixP=> i j; rewrite !mxE raddfMn. Qed.

(** The gradient theorem, in its bare form: every direction dX of a parameterization by symmetric
    matrices is symmetric, so that a valid G gives ⟨G, dX⟩ = ⟨S, dX⟩. *)
Theorem valid_derivation X S G : X^T = X -> valid S G -> ⟨G, 'd X⟩ = ⟨S, 'd X⟩.
Proof. by move=> symX; apply; rewrite -d_trmx symX. Qed.

(** d tr X = tr dX. *)
Lemma d_trace X : d (\tr X) = \tr ('d X).
Proof. by rewrite /mxtrace raddf_sum; apply: eq_bigr => i _; rewrite mxE. Qed.

(** Jacobi's formula: d det X = tr(adj(X) dX). *)
Theorem d_det X : d (\det X) = \tr (\adj X *m 'd X).
Proof.
have -> : \tr (\adj X *m 'd X) = \sum_i \sum_j d (X i j) * cofactor X i j.
  rewrite mxtrace_mulC; apply: eq_bigr => i _; rewrite mxE.
  by apply: eq_bigr => j _; rewrite !mxE.
rewrite raddf_sum /=.
have -> : \sum_i \sum_j d (X i j) * cofactor X i j =
    \sum_i \sum_(s : 'S_n) (-1) ^+ s * (d (X i (s i)) * \prod_(k | i != k) X k (s k)).
  apply: eq_bigr => i _; rewrite (partition_big (fun s : 'S_n => s i) xpredT) //=.
  apply: eq_bigr => j _; rewrite expand_cofactor big_distrr.
  by apply: eq_bigr => s /eqP-> /=; rewrite mulrCA.
rewrite exchange_big; apply: eq_bigr => s _ /=.
by rewrite d_sign d_prod big_distrr.
Qed.

(** The gradient of det X is adj(X)ᵀ. *)
Theorem gradient_det X : d (\det X) = ⟨(\adj X)^T, 'd X⟩.
Proof. by rewrite frob_trace trmxK d_det. Qed.

End Square.

(** For constant A, ⟨A, X⟩ has the gradient A. *)
Lemma d_frob n (A X : 'M[R]_n) : 'd A = 0 -> d ⟨A, X⟩ = ⟨A, 'd X⟩.
Proof.
by move=> dA; rewrite !frob_trace d_trace d_mulmx d_trmx dA trmx0 mul0mx add0r.
Qed.

End Derivation.

Section Inverse.

Variables (R : comUnitRingType) (d : {additive R -> R}) (n : nat).
Hypothesis product_rule : leibniz d.
Implicit Types X W : 'M[R]_n.

Notation "''d' A" := (map_mx d A) (at level 10, A at level 8, format "''d'  A").

(** d X⁻¹ = −X⁻¹ dX X⁻¹. *)
Theorem d_inverse X : X \in unitmx -> 'd (invmx X) = - (invmx X *m 'd X *m invmx X).
Proof.
move=> unitX.
have : 'd (X *m invmx X) = 0 by rewrite mulmxV // d_scalar_mx d1 // raddf0.
rewrite d_mulmx // => /(congr1 (mulmx (invmx X))).
rewrite mulmx0 mulmxDr !mulmxA mulVmx // mul1mx => /eqP.
by rewrite addrC addr_eq0 => /eqP.
Qed.

(** The gradient of ⟨W, X⁻¹⟩, W constant, is −X⁻ᵀ W X⁻ᵀ. *)
Theorem gradient_inverse X W :
  X \in unitmx -> 'd W = 0 ->
  d ⟨W, invmx X⟩ = ⟨- ((invmx X)^T *m W *m (invmx X)^T), 'd X⟩.
Proof.
move=> unitX dW; rewrite d_frob // d_inverse // frobNl frobNr !frob_trace !trmx_mul !trmxK.
by rewrite !mulmxA [in LHS]mxtrace_mulC !mulmxA.
Qed.

(** d det X = det X ⟨X⁻ᵀ, dX⟩: what d log det X = ⟨X⁻ᵀ, dX⟩ says without a logarithm. *)
Theorem gradient_log_det X :
  X \in unitmx -> d (\det X) = \det X * ⟨(invmx X)^T, 'd X⟩.
Proof.
move=> unitX; rewrite gradient_det // -frobZl; congr ⟨_, _⟩.
by rewrite /invmx unitX linearZ scalerA divrr ?scale1r.
Qed.

End Inverse.

Section CharacteristicPolynomial.

Variables (R : comRingType) (n : nat).
Implicit Types X : 'M[R]_n.

Lemma horner_adj X x : map_mx (horner_eval x) (\adj (char_poly_mx X)) = \adj (x%:M - X).
Proof.
rewrite map_mx_adj; congr (\adj _); apply/matrixP=> i j.
by rewrite !mxE /= horner_evalE hornerD hornerN hornerMn hornerX hornerC.
Qed.

Lemma horner_char_poly X x : (char_poly X).[x] = \det (x%:M - X).
Proof.
rewrite -horner_evalE -det_map_mx; congr (\det _); apply/matrixP=> i j.
by rewrite !mxE /= horner_evalE hornerD hornerN hornerMn hornerX hornerC.
Qed.

(** p′(x) = tr adj(xI − X), for the characteristic polynomial p of X. *)
Theorem deriv_char_poly X x : (char_poly X)^`().[x] = \tr (\adj (x%:M - X)).
Proof.
pose D : {additive {poly R} -> {poly R}} := [additive of @deriv R].
have -> : (char_poly X)^`() = \tr (\adj (char_poly_mx X)).
  rewrite -[LHS]/(D _) d_det; last by move=> p q; rewrite /= derivM.
  have -> : map_mx D (char_poly_mx X) = 1%:M; last by rewrite mulmx1.
  by apply/matrixP=> i j; rewrite !mxE /= derivB derivC subr0 derivMn derivX.
by rewrite -horner_adj horner_sum; apply: eq_bigr => i _; rewrite [RHS]mxE.
Qed.

Variable d : {additive R -> R}.
Hypothesis product_rule : leibniz d.

Notation "''d' A" := (map_mx d A) (at level 10, A at level 8, format "''d'  A").

Lemma leibniz_poly : leibniz (map_poly d).
Proof.
move=> p q; apply/polyP=> k.
rewrite coefD !coefM coef_map_id0 ?raddf0 // coefM raddf_sum -big_split.
by apply: eq_bigr => i _ /=; rewrite !coef_map_id0 ?raddf0.
Qed.

(** −(dp)(x) = ⟨adj(xI − X)ᵀ, dX⟩, where dp is p with its coefficients differentiated. *)
Theorem gradient_char_poly X x :
  - (map_poly d (char_poly X)).[x] = ⟨(\adj (x%:M - X))^T, 'd X⟩.
Proof.
have dX : map_poly d 'X = 0.
  by apply/polyP=> k; rewrite coef_map_id0 ?raddf0 // coefX d_nat // coef0.
pose D := [additive of map_poly d].
have -> : (map_poly d (char_poly X)).[x] = \tr (\adj (x%:M - X) *m - 'd X).
  rewrite -[map_poly d _]/(D _) d_det; last exact: leibniz_poly.
  have -> : map_mx D (char_poly_mx X) = map_mx polyC (- 'd X).
    apply/matrixP=> i j; rewrite !mxE [LHS]/= raddfB /= map_polyC.
    by rewrite raddfMn /= dX mul0rn sub0r raddfN.
  rewrite -horner_adj horner_sum; apply: eq_bigr => i _; rewrite !mxE horner_sum.
  by apply: eq_bigr => j _; rewrite hornerM !mxE hornerC.
by rewrite frob_trace trmxK mulmxN linearN opprK.
Qed.

End CharacteristicPolynomial.
